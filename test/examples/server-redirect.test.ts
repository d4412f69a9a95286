/** examples/server-redirect.mjs, with the package that was built, and two people at once. */

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Request } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'
import { byBoth, follow, go, type Seen, type Stage } from '../redirect/server-kit.ts'

/** Imported as a reader would start it. */
const { createApp }: { createApp(options: object): RequestListener } = await import(
  new URL('../../examples/server-redirect.mjs', import.meta.url).href
)

async function startExample(): Promise<Pick<Stage, 'origin' | 'world'>> {
  const world = await startWorld({ as: { policy: byBoth, quirks: { clientAuth: 'bearer-only' } } })
  const listener = createServer()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    listener.closeAllConnections()
    listener.close()
  })
  const origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const redirectUris = [`${origin}/callback`]
  await world.as.addClient({
    client_id: 'album',
    token_endpoint_auth_method: 'none',
    redirect_uris: redirectUris,
    claims_redirect_uris: redirectUris,
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  })
  const userOf = (request: Request) => request.header('x-user')
  const places = { origin, issuer: world.as.issuer, photos: world.host.origin }
  listener.on('request', createApp({ ...places, storage: keyValueStorage(new Map()), userOf }))
  return { origin, world }
}

test('two people sign in, agree and see their photos', async () => {
  const stage = await startExample()
  const users = ['alice', 'bob']
  const first = await Promise.all(users.map((user) => go(stage, user, `/photos/${user}/1.jpg`)))
  const ends = await Promise.all(users.map((user, index) => follow(stage, user, first[index] as Seen)))
  expect(ends.map(({ status, text }) => [status, JSON.parse(text).path])).toEqual([
    [200, '/alice/1.jpg'],
    [200, '/bob/1.jpg'],
  ])
  expect(stage.world.as.stats.ticketsReplayed).toBe(0)
})

test('a callback of nobody, and a person who is not signed in', async () => {
  const stage = await startExample()
  expect(await go(stage, 'alice', '/callback?code=x&state=y')).toMatchObject({ status: 400, text: 'invalid_state' })
  expect((await fetch(`${stage.origin}/photos/alice/1.jpg`)).status).toBe(401)
})
