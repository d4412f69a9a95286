/** The simulated host runs without a socket, and so does a whole flow of this package. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { clientSecretBasic, createRequester } from '../../src/index.ts'
import { createHost } from '../../src/testing/host/host.ts'
import { directProtection } from '../../src/testing/host/protection.ts'
import { protectionOverHttp } from '../../src/testing/host/protection-over-http.ts'
import { headerLines } from '../../src/testing/wire/answer.ts'
import { answered, bearer, ISSUER, simulate } from './kit.ts'

const ORIGIN = 'https://photos.example.com'
const get = (path: string, headers: Record<string, string> = {}) => new Request(ORIGIN + path, { headers })

test('a flow of the package from challenge to answer, without a socket; a later one when the RPT expired', async () => {
  const { server, clock } = simulate({ deviations: { rptLifetimeMs: 60_000, omitExpiresIn: true } })
  const protection = protectionOverHttp({ server, client: { id: 'rs', secret: 'rs-secret' }, fetch: server.fetch })
  const host = createHost({ protection, now: clock.now })
  const lines: string[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const target = request.url.startsWith(ORIGIN) ? host : server
    const response = await target.fetch(request)
    lines.push(`${request.method} ${new URL(request.url).pathname} ${response.status}`)
    return response
  }
  const client = { id: 'web', auth: clientSecretBasic('web-secret') }
  const requester = createRequester({ authorizationServers: [{ issuer: ISSUER, hosts: [ORIGIN], client }], fetch })
  const send = requester.wrapFetch(fetch)
  expect(await (await send(`${ORIGIN}/alice/1.jpg`)).json()).toMatchObject({ owner: 'alice', by: 'rpt' })
  const flow = ['GET /alice/1.jpg 401', 'POST /realms/photos/token 200', 'GET /alice/1.jpg 200']
  expect(lines.filter((line) => !line.includes('.well-known'))).toEqual(flow)
  clock.forward(60_000)
  lines.length = 0
  expect((await send(`${ORIGIN}/alice/1.jpg`)).status).toBe(200)
  expect(lines).toEqual(flow)
})

test('GET and HEAD need read, other methods write; a write is kept', async () => {
  const { server, exchange } = simulate()
  const host = createHost({ protection: directProtection(server, 'rs') })
  const put = (headers: Record<string, string> = {}) =>
    new Request(`${ORIGIN}/alice/1`, { method: 'PUT', body: 'new', headers })
  const rptOf = async (response: Response): Promise<string> => {
    const ticket = /ticket="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? ''
    return (await exchange(ticket)).json.access_token
  }
  const read = await rptOf(await host.fetch(get('/alice/1')))
  expect([(await host.fetch(get('/alice/1', bearer(read)))).status, host.writes]).toEqual([200, []])
  const refused = await host.fetch(put(bearer(read)))
  expect([refused.status, host.writes]).toEqual([401, []])
  const write = await rptOf(refused)
  expect((await answered(await host.fetch(put(bearer(write))))).json).toEqual({
    received: 3,
    sha256: createHash('sha256').update('new').digest('hex'),
    method: 'PUT',
  })
  expect(host.writes.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])).toEqual([['/alice/1', 'new']])
})

test('two challenges are two header lines; a silent host is `Response.error()`', async () => {
  const { server, clock } = simulate()
  const host = createHost({
    protection: directProtection(server, 'rs'),
    pause: clock.pause,
    deviations: { challengeStyle: 'axiam', delayMs: 40 },
  })
  const challenged = await host.fetch(get('/alice/1'))
  const lines = headerLines(challenged).filter(([name]) => name === 'www-authenticate')
  expect(lines.map(([, value]) => value.split(' ')[0])).toEqual(['Bearer', 'UMA'])
  expect(clock.pauses).toEqual([40])
  host.deviations.closeEarly = 'silent'
  expect((await host.fetch(get('/alice/1'))).type).toBe('error')
})
