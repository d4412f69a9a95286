/** The simulated managers of UMA before 2.0 run without a socket, at the time that a test gives them. */
import { describe, expect, test } from 'vitest'
import { createOlderHost } from '../../src/testing/older/host.ts'
import { createManager } from '../../src/testing/older/manager.ts'
import { answered, bearer, createClock } from './kit.ts'

const ISSUER = 'https://am.example.com'
const HOST = 'https://photos.example.com'
const client = { id: 'app', secret: 'app-secret', redirectUris: ['https://app.example.com/callback'] }

function simulateOlder(era: 'puma' | '1.0.1') {
  const clock = createClock()
  const manager = createManager({ era, issuer: ISSUER, now: clock.now, clients: [client] })
  const host = createOlderHost({ manager, id: new URL(HOST).host })
  const post = async (path: string, body: unknown, token: string) =>
    answered(
      await manager.fetch(
        new Request(ISSUER + path, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...bearer(token) },
        }),
      ),
    )
  const read = (headers: Record<string, string> = {}) => host.fetch(new Request(`${HOST}/alice/1.jpg`, { headers }))
  const ticketOf = (response: Response) =>
    /ticket="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? ''
  return { clock, manager, post, read, ticketOf }
}

describe('UMA 1.0.1', () => {
  test('from the ticket to the resource; a ticket ends when the clock says so', async () => {
    const { clock, manager, post, read, ticketOf } = simulateOlder('1.0.1')
    const { token } = manager.issueAat({ party: 'alice', clientId: 'app' })
    const granted = await post('/rpt', { ticket: ticketOf(await read()) }, token)
    expect((await read(bearer(granted.json.rpt))).status).toBe(200)
    const late = ticketOf(await read())
    clock.forward(300_001)
    expect((await post('/rpt', { ticket: late }, token)).json).toEqual({ error: 'expired_ticket' })
  })

  test('an AAT ends when the clock says so', async () => {
    const { clock, manager, post, read, ticketOf } = simulateOlder('1.0.1')
    const { token } = manager.issueAat({ party: 'alice', clientId: 'app' })
    clock.forward(3_600_000)
    expect((await post('/rpt', { ticket: ticketOf(await read()) }, token)).status).toBe(401)
  })
})

test('Puma: an RPT for the host first, then permissions; another person needs the owner', async () => {
  const { manager, post, read, ticketOf } = simulateOlder('puma')
  const first = await read()
  expect([first.status, ticketOf(first)]).toEqual([401, ''])
  const { token } = manager.issueAat({ party: 'bob', clientId: 'app' })
  const issued = await post('/oauth/token', { host_id: 'photos.example.com' }, token)
  const rpt = issued.json.token
  const ticket = ticketOf(await read(bearer(rpt)))
  const ask = () => post('/api/uma/permissions_grant/ticket', { ticket, rpt }, token)
  expect((await ask()).json[0].claim_type).toBe('redirect_required')
  expect([manager.agree('alice', 'bob'), manager.agree('alice', 'bob')]).toEqual([true, false])
  expect((await ask()).json.token).toBe(rpt)
  expect((await read(bearer(rpt))).status).toBe(200)
})
