/** An Express app that shows people their photos, with `serverRedirect`, and people with browsers of their own. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { expect, onTestFinished } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import {
  bearer,
  createRequester,
  findUmaError,
  none,
  type Requester,
  type RequesterOptions,
  type RequesterStorage,
} from '../../src/index.ts'
import { redirectOf, serverRedirect } from '../../src/redirect/server.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { redisStorage } from '../../src/storage/redis.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import { type Policy, UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'
import { redisUrl } from '../helpers/redis.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { person } from '../sign-in/kit.ts'

/** Opens the same storage each time, as every process of an app does. */
export type OpenStorage = () => Promise<RequesterStorage>

function memory(): OpenStorage {
  const storage = keyValueStorage(new Map<string, string>())
  return async () => storage
}

function sqlite(): OpenStorage {
  const directory = mkdtempSync(join(tmpdir(), 'uma-server-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return async () => {
    const storage = sqliteStorage({ path: join(directory, 'tokens.db') })
    onTestFinished(() => storage.close())
    return storage
  }
}

function redis(): OpenStorage {
  const prefix = `test:${crypto.randomUUID()}:`
  return async () => {
    const { createClient } = await import('redis')
    const client = createClient({ url: redisUrl ?? '' })
    await client.connect()
    onTestFinished(() => client.close())
    return redisStorage(client, { prefix })
  }
}

/** The storages that servers use. `there` is false if the tests have no Redis. */
export const storages: { name: string; there: boolean; make: () => OpenStorage }[] = [
  { name: 'memory', there: true, make: memory },
  { name: 'SQLite', there: true, make: sqlite },
  { name: 'Redis', there: redisUrl !== undefined, make: redis },
]

/** The server knows people by their sign-in. */
export const bySignIn: Policy = ({ bearerSubject }) =>
  bearerSubject === undefined ? { needInfo: { redirectUser: true } } : 'grant'
/** The server asks people at its claims page. */
export const byClaims: Policy = ({ account }) =>
  account === undefined ? { needInfo: { redirectUser: true } } : 'grant'
/** The server knows people by their sign-in, and asks them at its claims page, too. */
export const byBoth: Policy = ({ bearerSubject, account }) => {
  if (bearerSubject === undefined || account === undefined) return { needInfo: { redirectUser: true } }
  return bearerSubject === account ? 'grant' : 'deny'
}

export interface Stage {
  world: World
  origin: string
  /** The requester of the process that runs now. */
  requester: Requester
  /** Another process takes over, on the same storage and at the same address. */
  restart(options?: Partial<RequesterOptions>): Promise<void>
}

/** Starts the servers and the app. */
export async function startStage(
  policy: Policy,
  openStorage: OpenStorage = memory(),
  options: Partial<RequesterOptions> = {},
): Promise<Stage> {
  const signsIn = policy !== byClaims
  const world = await startWorld({ as: { policy, quirks: signsIn ? { clientAuth: 'bearer-only' } : {} } })
  let app: RequestListener
  const listener = createServer((request, response) => app(request, response))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    listener.closeAllConnections()
    listener.close()
  })
  const origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const redirectUri = `${origin}/callback`
  await world.as.addClient({
    client_id: 'album',
    token_endpoint_auth_method: 'none',
    redirect_uris: [redirectUri],
    claims_redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  })
  const server = signsIn
    ? { client: { id: 'album', auth: bearer() }, signIn: codeFlow({ scope: 'openid' }) }
    : { client: { id: 'album', auth: none() } }
  const stage: Stage = {
    world,
    origin,
    requester: undefined as unknown as Requester,
    async restart(more = {}) {
      stage.requester = createRequester({
        authorizationServers: [{ issuer: world.as.issuer, hosts: [world.host.origin], ...server }],
        requestingParty: 'the app itself',
        storage: await openStorage(),
        redirectUri,
        onRedirect: serverRedirect({ storeRequest: true }),
        ...options,
        ...more,
      })
      app = createApp(stage.requester, world.host.origin)
    },
  }
  await stage.restart()
  return stage
}

function createApp(requester: Requester, photos: string): RequestListener {
  const app = express()
  // Who is signed in to the app itself.
  const userOf = (request: express.Request): string => request.header('x-user') ?? ''

  app.all('/photos/*path', express.text(), async (request, response) => {
    const { method, body } = request
    const init = method === 'GET' ? {} : { method, body: String(body) }
    const answer = await requester.as(userOf(request)).fetch(photos + request.path.slice('/photos'.length), init)
    response.status(answer.status).send(await answer.text())
  })
  app.get('/callback', async (request, response) => {
    const { finished, kind, request: asked } = await handleCallback(requester.as(userOf(request)), request.originalUrl)
    if (finished) return void response.redirect(303, '/done')
    response.set('x-kind', kind).redirect(303, `/photos${new URL(asked?.url ?? photos).pathname}`)
  })
  app.use((error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    const redirect = redirectOf(error)
    if (redirect) return void response.redirect(303, redirect)
    const known = findUmaError(error)
    response.status(400).send([known?.code ?? String(error), known?.reason ?? ''].join(' '))
  })
  return app
}

export interface Seen {
  status: number
  text: string
  location: string
  kind: string | null
}

/** A person with a browser, signed in to the app: goes to one URL of the app. */
export async function go(
  stage: Pick<Stage, 'origin'>,
  user: string,
  at: string,
  init: RequestInit = {},
): Promise<Seen> {
  const headers = { 'x-user': user, 'content-type': 'text/plain' }
  const answer = await fetch(new URL(at, stage.origin), { redirect: 'manual', ...init, headers })
  const { status } = answer
  const location = answer.headers.get('location') ?? ''
  return { status, text: await answer.text(), location, kind: answer.headers.get('x-kind') }
}

/**
 * Follows redirects until the app answers. At the authorization server, the person signs in and agrees.
 *
 * @returns the answer, and the kinds of return on the way; a return that sends the person away once more is `away`
 */
export async function follow(
  stage: Pick<Stage, 'origin'>,
  user: string,
  first: Seen,
): Promise<Seen & { kinds: string[] }> {
  const visit = person(user)
  const kinds: string[] = []
  let seen = first
  for (let hops = 0; seen.status === 303; hops += 1) {
    if (hops > 10) expect.fail('too many redirects')
    const isOutside = new URL(seen.location, stage.origin).origin !== stage.origin
    seen = await go(stage, user, isOutside ? await visit(seen.location) : seen.location)
    if (isOutside) kinds.push(seen.kind ?? 'away')
  }
  return { ...seen, kinds }
}
