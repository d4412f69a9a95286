/** The servers of the examples. Requests to the host of the examples go to a host of the test. */
import type { BrowserContext } from 'playwright-core'
import { onTestFinished, vi } from 'vitest'
import { REDIRECT_URI, UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'

/** The host that the examples name. */
export const photosOrigin = 'https://photos.example.com'
export const photo = `${photosOrigin}/alice/1.jpg`

/** Starts the servers, and registers the client of the examples. */
export async function startServers(
  redirectUris: string[] = [REDIRECT_URI],
  options: WorldOptions = {},
): Promise<World> {
  const world = await startWorld(options)
  await world.as.addClient({
    client_id: 'album',
    token_endpoint_auth_method: 'none',
    redirect_uris: redirectUris,
    claims_redirect_uris: redirectUris,
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  })
  return world
}

/** Sends the requests of this process to the host of the test. An answer keeps no trace of the other origin. */
export function redirectFetch(world: World): void {
  const real = globalThis.fetch
  vi.stubGlobal('fetch', async (input: string | URL | Request, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input)
    if (!url.startsWith(photosOrigin)) return real(input, init)
    const { status, headers, body } = await real(url.replace(photosOrigin, world.host.origin), init)
    return new Response(body, { status, headers })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
}

/** Sends the requests of pages to the host of the test, and tells the pages the issuer. */
export async function redirectPages(world: World, context: BrowserContext): Promise<void> {
  await context.addInitScript(`globalThis.issuer = ${JSON.stringify(world.as.issuer)}`)
  await context.route(`${photosOrigin}/**`, async (route) => {
    const request = route.request()
    const url = request.url().replace(photosOrigin, world.host.origin)
    const answer = await fetch(url, { method: request.method(), headers: await request.allHeaders() })
    const body = Buffer.from(await answer.arrayBuffer())
    await route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body })
  })
}
