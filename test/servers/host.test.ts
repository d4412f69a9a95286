/** Each quirk of the host, at least once as it looks on the wire; extra origins; names. */
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../helpers/authorization-server.ts'
import { type ChallengeStyle, type Host, type HostQuirks, startHost } from '../helpers/host.ts'
import { nameLoopback } from '../helpers/loopback-names.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { orderly } from '../helpers/rs/quirks.ts'
import { bearer, challengeOf, exchange, wire } from './kit.ts'

let as: AuthorizationServer
let host: Host
beforeAll(async () => {
  as = await startAuthorizationServer()
  host = await startHost({ authorizationServer: as, direct: true })
})
afterAll(() => Promise.all([as.close(), host.close()]))
afterEach(() => void Object.assign(host.quirks, orderly()))
const set = (quirks: Partial<HostQuirks>): void => void Object.assign(host.quirks, quirks)
const url = (path = '/alice/1'): string => host.origin + path
const rptFor = async (path: string, init: RequestInit = {}, rpt?: string): Promise<string> => {
  const { ticket } = challengeOf(await wire(url(path), rpt === undefined ? init : { ...init, ...bearer(rpt) }))
  return (await exchange(as, ticket, rpt === undefined ? {} : { rpt })).json.access_token
}

describe('challenges', () => {
  test.each<[ChallengeStyle, RegExp]>([
    ['spec', /^UMA realm="photos", as_uri="http:\S+", ticket="\S+"$/],
    ['keycloak', /^UMA realm="photos",as_uri="http:\S+",ticket="\S+"$/],
    [
      'gluu',
      /^UMA realm="Authorization required", host_id=idp.example, as_uri=http\S+\/\.well-known\/uma2-configuration, ticket=[\w-]+$/,
    ],
    ['ess', /^Bearer, DPoP algs="ES256 RS256", UMA ticket="\S+", as_uri="http\S+"$/],
    ['ess-mixed', /^UMA as_uri="http\S+", ticket=[\w-]+, Bearer, DPoP algs="ES256 RS256"$/],
    ['eoepca', /^UMA realm=photos,as_uri=http[^",]+,ticket=[\w-]+$/],
    ['axiam', /^Bearer realm="photos", error="insufficient_scope", UMA realm="photos", as_uri="\S+", ticket="\S+"$/],
    ['gatekeeper', /^realm="photos", as_uri="127.0.0.1:\d+", ticket="\S+"$/],
  ])('%s', async (challengeStyle, header) => {
    set({ challengeStyle, challengeStatus: 403 })
    const answer = await wire(url())
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toMatch(header)
  })

  test('in the JSON body (frdp); raw overrides', async () => {
    set({ challengeStyle: 'frdp' })
    const body = await wire(url())
    expect([body.headers.get('www-authenticate'), Object.keys(body.json)]).toEqual([null, ['as_uri', 'ticket']])
    set({
      challengeStyle: 'spec',
      challenge: ({ usual, ticket }) => ['Basic realm="x"', String(usual).replace(ticket, 'T')],
    })
    expect((await wire(url())).headers.get('www-authenticate')).toMatch(/^Basic realm="x", UMA .*ticket="T"$/)
    set({ challenge: () => ({ status: 418, body: 'teapot' }) })
    expect((await wire(url())).status).toBe(418)
  })

  test('only with a bearer token; stale tokens; unreachable; too long', async () => {
    set({ onlyWithBearer: true })
    const anonymous = await wire(url())
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([403, null])
    expect((await wire(url(), bearer('user-token'))).headers.get('www-authenticate')).toContain('UMA')
    set({ onlyWithBearer: false, stale: { status: 400, challenge: false } })
    expect([(await wire(url(), bearer('old'))).status, (await wire(url())).status]).toEqual([400, 401])
    set({ stale: { status: 401, challenge: false } })
    expect((await wire(url(), bearer('old'))).headers.get('www-authenticate')).toBe(
      'Bearer realm="photos", error="invalid_token"',
    )
    set({ stale: { status: 403, challenge: true } })
    const stale = await wire(url(), bearer('old'))
    expect([stale.status, stale.headers.get('www-authenticate')?.slice(0, 3)]).toEqual([403, 'UMA'])
    set({ asUnreachable: true })
    expect((await wire(url())).headers.get('warning')).toBe('199 - "UMA Authorization Server Unreachable"')
    set({ rptTooLong: 100 })
    expect((await wire(url(), bearer('x'.repeat(101)))).status).toBe(431)
  })

  test('a dead authorization server is 403 with Warning 199', async () => {
    const dead = await startAuthorizationServer()
    const orphan = await startHost({ authorizationServer: dead })
    await dead.close()
    const answer = await wire(`${orphan.origin}/alice/1`)
    expect([answer.status, answer.headers.get('warning')]).toEqual([
      403,
      '199 - "UMA Authorization Server Unreachable"',
    ])
    await orphan.close()
  })
})

test('scopes by method, or any; HEAD', async () => {
  const rpt = await rptFor('/alice/scopes')
  expect((await wire(url('/alice/scopes'), { method: 'HEAD', ...bearer(rpt) })).status).toBe(200)
  expect((await wire(url('/alice/scopes'), { method: 'PUT', body: 'x', ...bearer(rpt) })).status).toBe(401)
  set({ methodScopes: false })
  expect((await wire(url('/alice/scopes'), { method: 'PUT', body: 'x', ...bearer(rpt) })).status).toBe(200)
})

test('a resource that needs two more flows', async () => {
  set({ requireExtraFlows: ({ path }) => (path === '/alice/deep' ? 2 : 0) })
  let rpt = await rptFor('/alice/deep')
  for (const status of [401, 401]) {
    expect((await wire(url('/alice/deep'), bearer(rpt))).status).toBe(status)
    rpt = await rptFor('/alice/deep', {}, rpt)
  }
  expect((await wire(url('/alice/deep'), bearer(rpt))).status).toBe(200)
})

test('redirects, delays, connections that close early, last-minute answers', async () => {
  set({ redirect: ({ path }) => (path === '/alice/old' ? { status: 307, location: '/alice/new' } : undefined) })
  const moved = await wire(url('/alice/old'), { method: 'POST', body: 'x' })
  expect([moved.status, moved.headers.get('location')]).toEqual([307, '/alice/new'])
  set({ delayMs: 20 })
  const start = performance.now()
  await wire(url())
  expect(performance.now() - start).toBeGreaterThan(18)
  set({ delayMs: 0, closeEarly: 'silent' })
  await expect(fetch(url())).rejects.toThrow()
  set({ closeEarly: 'answer' })
  const text = await new Promise<string>((resolve) => {
    let seen = ''
    const socket = connect(host.port, '127.0.0.1', () =>
      socket.write(`PUT /alice/up HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nbegin`),
    )
    socket.on('data', (chunk) => {
      seen += chunk
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(seen))
  })
  expect(text).toMatch(/^HTTP\/1.1 401[\s\S]*WWW-Authenticate: UMA/i)
  set({ closeEarly: undefined, answer: (answer) => ({ ...answer, status: 500 }) })
  expect((await wire(url())).status).toBe(500)
})

test('CORS: preflight, exposed headers, and neither', async () => {
  const preflight = (): ReturnType<typeof wire> =>
    wire(url(), {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' },
    })
  const on = await preflight()
  expect([on.status, on.headers.get('access-control-allow-headers')]).toEqual([
    204,
    expect.stringContaining('authorization'),
  ])
  expect((await wire(url())).headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, Warning')
  set({ exposeHeaders: false })
  expect((await wire(url())).headers.get('access-control-expose-headers')).toBeNull()
  set({ cors: false })
  expect((await preflight()).headers.get('access-control-allow-origin')).toBeNull()
})

test('extra origins, and names below localhost', async () => {
  const plain = await startPlainServer((req, res) => void res.end(req.headers.host), {
    host: 'localhost',
    label: 'elsewhere',
  })
  expect(plain.origin).toBe(`http://localhost:${plain.port}`)
  expect((await wire(`${plain.origin}/?q=s%20ecret`)).text).toBe(`localhost:${plain.port}`)
  expect(plain.recorder.to('elsewhere', (r) => r.path.startsWith('/?')).length).toBe(1)
  expect(plain.recorder.containing('s ecret').length).toBe(1)
  const sub = await startPlainServer((req, res) => void res.end(req.headers.host), { host: 'sub.localhost' })
  const undo = nameLoopback('photos.example.com')
  try {
    expect((await wire(sub.origin)).text).toBe(`sub.localhost:${sub.port}`)
    expect((await wire(`http://photos.example.com:${sub.port}`)).text).toBe(`photos.example.com:${sub.port}`)
  } finally {
    undo()
  }
  const failing = await startPlainServer(() => Promise.reject(new Error('no')))
  expect((await wire(failing.origin)).status).toBe(500)
  await Promise.all([plain.close(), sub.close(), failing.close()])
})

test('the recorder finds secrets in URLs, headers, Basic credentials and bodies', async () => {
  const { origin, recorder, close } = await startPlainServer((_req, res) => void res.end())
  await wire(`${origin}/x?t=s3cret`)
  await wire(origin, bearer('s3cret'))
  await wire(origin, { headers: { authorization: `Basic ${btoa('id:s3cret')}` } })
  await wire(origin, { method: 'POST', body: new URLSearchParams({ a: 's3cret' }) })
  await wire(`${origin}/innocent`)
  await expect.poll(() => recorder.containing('s3cret').length).toBe(4)
  recorder.clear()
  expect(recorder.count()).toBe(0)
  await close()
})
