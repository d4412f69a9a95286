/** The Express example on loopback, its authorization server, and people with browsers of their own. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import type { AuthorizationServer, UmaEvent } from '../../src/index.ts'
import { puma } from '../../src/schemes/puma.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { RecordedRequest, WireRecorder } from '../helpers/recorder.ts'
import { startWorld } from '../helpers/world.ts'
import { startAmWorld, visitManager } from '../schemes/kit.ts'
import { person } from '../sign-in/kit.ts'

export interface Stage {
  server: Pick<AuthorizationServer, 'issuer' | 'scheme' | 'signIn'>
  photos: string
  recorder: WireRecorder
  /** What is a person's own. */
  own(user: string): string
  /** How a person comes back from a redirect: their browser, signed in as themselves. */
  visit(user: string): (url: string) => Promise<string>
  /** Whose an RPT is; undefined: nobody's. */
  ownerOf(rpt: string): string | undefined
  /** Sign-ins so far. */
  identities(): number
  written(): unknown[]
  /** What is sent to the host by the app. */
  sent(): RecordedRequest[]
}

/** Who are known by an access token of their own, and must agree on the claims page as well. */
async function uma2(): Promise<Stage> {
  const world = await startWorld({
    as: {
      quirks: { clientAuth: 'bearer-only' },
      policy: ({ bearerSubject, account }) => {
        if (bearerSubject === undefined || account === undefined) return { needInfo: { redirectUser: true } }
        return bearerSubject === account ? 'grant' : 'deny'
      },
    },
  })
  return {
    server: { issuer: world.as.issuer, signIn: codeFlow({ scope: 'openid' }) },
    photos: world.host.origin,
    recorder: world.recorder,
    own: (user) => `/${user}/1.jpg`,
    visit: (user) => person(user),
    ownerOf: (rpt) => world.as.introspect(rpt).sub as string | undefined,
    identities: () =>
      world.sent().filter(({ path, body }) => path === '/token' && body.toString().includes('authorization_code'))
        .length,
    written: () => world.host.bodies.map(({ path, bytes }) => ({ path, body: bytes.toString() })),
    sent: () => world.sent().filter(({ server }) => server === 'host'),
  }
}

/** The authorization managers of before: their people sign in, and Alice's data are Alice's. */
const before = (era: 'puma' | '1.0.1') => async (): Promise<Stage> => {
  const world = await startAmWorld(era, {
    am: era === 'puma' ? {} : { policy: ({ gathered }) => (gathered ? 'grant' : { redirectUser: true }) },
  })
  return {
    server: { issuer: world.am.issuer, scheme: era === 'puma' ? puma() : uma1() },
    photos: world.host.origin,
    recorder: world.recorder,
    own: (user) => `/api/people/${user}/personal/name`,
    visit: (user) => (url) => visitManager(url, user),
    ownerOf: (rpt) => world.am.state.rpts.get(rpt)?.party,
    identities: () => world.am.state.aats.size,
    written: () => world.host.written,
    sent: () => world.recorder.to('host'),
  }
}

export const stages: [string, () => Promise<Stage>][] = [
  ['UMA 2.0', uma2],
  ['UMA 1.0.1', before('1.0.1')],
  ['Puma', before('puma')],
]

export interface App {
  origin: string
  storage: Map<string, string>
  events: UmaEvent[]
}

/** As a reader would start it: with the package that was built. */
const { createApp }: { createApp(options: object): RequestListener } = await import(
  new URL('../../examples/callback-express.mjs', import.meta.url).href
)

/** Another process of the same app, on the same storage, takes over at the same address when `restart` is called. */
export async function startApp(stage: Stage): Promise<App & { restart(): void }> {
  const storage = new Map<string, string>()
  const events: UmaEvent[] = []
  let app: RequestListener
  const listener = createServer((request, response) => app(request, response))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    listener.closeAllConnections()
    listener.close()
  })
  const origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const { photos, server } = stage
  const sessions = new Map<string, string>()
  const restart = (): void => {
    app = createApp({
      origin,
      photos,
      server,
      storage: keyValueStorage(storage),
      sessions,
      onEvent: (event: UmaEvent) => events.push(event),
    })
  }
  restart()
  return { origin, storage, events, restart }
}

export interface Seen {
  status: number
  text: string
  location: string
}

/** A browser at the app: keeps its cookie, and goes nowhere by itself. */
export async function enter(app: App, name: string) {
  let cookie = ''
  const go = async (at: string, init: RequestInit = {}): Promise<Seen> => {
    const answer = await fetch(new URL(at, app.origin), { redirect: 'manual', ...init, headers: { cookie } })
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') ?? '' }
  }
  const post = (at: string, body?: BodyInit): Promise<Seen> => go(at, { method: 'POST', ...(body && { body }) })
  expect((await post('/enter', new URLSearchParams({ name }))).status).toBe(303)
  return { go, post }
}

/** The bearer token of a request. */
export const tokenOf = ({ headers }: RecordedRequest): string => headers.authorization?.replace(/^Bearer /, '') ?? ''
