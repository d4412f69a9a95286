/** A scheme is pinned per issuer: what a host says never takes an issuer back to an older protocol. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { createRequester, none } from '../../src/index.ts'
import { puma } from '../../src/schemes/puma.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { startAuthorizationServer } from '../helpers/authorization-server.ts'
import { send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { name, startAmWorld } from './kit.ts'

/** A host that says whatever it likes. */
async function liar(status: number, header: string, body?: object) {
  const host = await startPlainServer((_req, res) =>
    send(res, { status, headers: { 'www-authenticate': header }, body }),
  )
  onTestFinished(host.close)
  return host
}

describe('a UMA 2.0 issuer', () => {
  test.each([
    ['Puma', 401, (issuer: string) => `UMA host_id="h", am_uri="${issuer}"`],
    ['Puma, with a ticket', 403, (issuer: string) => `UMA host_id="h", am_uri="${issuer}", ticket="t"`],
    ['UMA 1.0', 403, (issuer: string) => `UMA as_uri="${issuer}"`],
  ])('whose host speaks %s: untouched, and nothing is sent to it', async (_what, status, header) => {
    const as = await startAuthorizationServer()
    onTestFinished(as.close)
    const host = await liar(status, header(as.issuer), { ticket: 't' })
    const other = await startAmWorld('puma')
    const requester = createRequester({
      authorizationServers: [
        { issuer: as.issuer, hosts: [host.origin], client: { id: 'spa', auth: none() } },
        // The schemes are known, for others.
        { issuer: other.am.issuer, hosts: 'any', client: { id: 'photo-app' }, scheme: puma() },
        { issuer: 'https://uma1.example', hosts: 'any', client: { id: 'photo-app' }, scheme: uma1() },
      ],
    })
    const answer = await requester.fetch(host.origin + name)
    expect([answer.status, await answer.json()]).toEqual([status, { ticket: 't' }])
    expect([as.recorder.requests.length, other.recorder.requests.length]).toEqual([0, 0])
  })
})

describe.each([
  ['puma', puma],
  ['1.0.1', uma1],
] as const)('an issuer of %s', (era, scheme) => {
  test('whose host speaks the other: untouched', async () => {
    const world = await startAmWorld(era)
    const issuer = world.am.issuer
    const host = await liar(
      401,
      era === 'puma' ? `UMA as_uri="${issuer}", ticket="t"` : `UMA am_uri="${issuer}", ticket="t"`,
    )
    const requester = world.requester(scheme(), {}, { hosts: [host.origin] })
    expect((await requester.fetch(host.origin + name)).status).toBe(401)
    expect(world.recorder.requests).toEqual([])
  })

  test('a challenge for a host that it may not speak for: nothing is sent', async () => {
    const world = await startAmWorld(era)
    const requester = world.requester(scheme(), {}, { hosts: ['https://other.example'] })
    await expect(requester.fetch(world.host.origin + name)).rejects.toMatchObject({
      code: 'untrusted_authorization_server',
    })
    expect(world.recorder.to('am')).toEqual([])
  })

  test('an issuer that is not configured: nothing is sent', async () => {
    const world = await startAmWorld(era)
    const requester = world.requester(scheme(), {}, { issuer: 'https://other.example' })
    await expect(requester.fetch(world.host.origin + name)).rejects.toMatchObject({
      code: 'untrusted_authorization_server',
    })
    expect(world.recorder.to('am')).toEqual([])
  })
})
