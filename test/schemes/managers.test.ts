/** The test managers themselves: their answers are compared with answers that were written by hand. */
import { describe, expect, test } from 'vitest'
import { visitManager } from '../helpers/am/person.ts'
import { type AmWorld, startAmWorld } from '../helpers/am/world.ts'
import { REDIRECT_URI } from '../helpers/as/clients.ts'
import { bearer, challengeOf, wire } from '../servers/kit.ts'

const name = '/api/people/alice/personal/name'

const json = (url: string, token: string, body: object) =>
  wire(url, {
    method: 'POST',
    headers: { ...bearer(token).headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

describe('Puma', () => {
  async function rptFor({ am, host }: AmWorld, party: string) {
    const aat = am.issueAat(party).token
    const issued = await wire(`${am.issuer}/oauth/token`, {
      method: 'POST',
      ...bearer(aat),
      body: new URLSearchParams({ host_id: host.id }),
    })
    expect([issued.status, issued.headers.get('content-type')]).toEqual([201, 'application/uma-access-token+json'])
    return { aat, rpt: issued.json.token as string }
  }

  test.each([
    ['alice', 'x-oauth_access_granted', 200],
    ['bob', 'x-oauth_access_req', 403],
  ])('%s comes back with %s', async (party, parameter, status) => {
    const world = await startAmWorld('puma')
    const { am, host } = world
    const first = await wire(host.origin + name, { method: 'HEAD' })
    expect([first.status, first.headers.get('www-authenticate')]).toEqual([
      401,
      `UMA realm="Puma Host One", host_id="${host.id}", am_uri="${am.issuer}"`,
    ])
    const { aat, rpt } = await rptFor(world, party)
    const second = await wire(host.origin + name, bearer(rpt))
    expect(second.status).toBe(403)
    const { ticket } = challengeOf(second)
    const asked = await json(`${am.issuer}/api/uma/permissions_grant/ticket`, aat, { rpt, ticket })
    expect(asked.json).toEqual([{ claim_type: 'redirect_required', claim_value: expect.stringContaining(am.issuer) }])
    const back = await visitManager(
      `${asked.json[0].claim_value}&redirect_uri=${encodeURIComponent(`${REDIRECT_URI}?state=mine`)}`,
      party,
    )
    expect(back).toMatch(`${REDIRECT_URI}?state=mine&${parameter}=`)
    expect((await wire(host.origin + name, bearer(rpt))).status).toBe(status)
    expect(am.agree('alice', party)).toBe(party === 'bob')
    const again = challengeOf(await wire(`${host.origin}/api/people/alice/other`, bearer(rpt)))
    const granted = await json(`${am.issuer}/api/uma/permissions_grant/ticket`, aat, { rpt, ticket: again.ticket })
    expect([granted.status, granted.json]).toEqual([201, { token: rpt }])
  })

  test('P-4 registration', async () => {
    const { am } = await startAmWorld('puma')
    const form = { client_name: 'n', client_url: 'https://app.example.com', redirect_url: REDIRECT_URI }
    const post = (body: object) => wire(`${am.issuer}/api/oc/register`, { method: 'POST', body: JSON.stringify(body) })
    expect((await post(form)).status).toBe(400)
    const { status, json: client } = await post({ type: 'push', ...form })
    expect(status).toBe(200)
    expect(am.state.clients.get(client.client_id)?.secret).toBe(client.client_secret)
  })
})

describe.each(['1.0', '1.0.1'] as const)('UMA %s', (era) => {
  test('the ticket where that version puts it; not single use until an RPT is granted', async () => {
    const { am, host } = await startAmWorld(era, {
      am: { policy: ({ gathered }) => (gathered ? 'grant' : { redirectUser: true }) },
    })
    const first = await wire(host.origin + name)
    expect(first.status).toBe(era === '1.0' ? 403 : 401)
    const ticket = era === '1.0' ? first.json.ticket : challengeOf(first).ticket
    expect(first.headers.get('www-authenticate')?.includes('ticket')).toBe(era === '1.0.1')
    const aat = am.issueAat('alice').token
    const ask = () => json(`${am.issuer}/rpt`, aat, { ticket })
    for (const _ of [1, 2]) expect((await ask()).json.error).toBe('need_info')
    const query = new URLSearchParams({
      client_id: 'photo-app',
      ticket,
      state: 's',
      [era === '1.0' ? 'redirect_uri' : 'claims_redirect_uri']: REDIRECT_URI,
    })
    const back = await visitManager(`${am.issuer}/rqp_claims?${query}`, 'alice')
    expect(back).toBe(`${REDIRECT_URI}?authorization_state=claims_submitted&state=s`)
    const granted = await ask()
    expect(granted.status).toBe(200)
    expect((await wire(host.origin + name, bearer(granted.json.rpt))).status).toBe(200)
    expect((await ask()).json).toEqual({ error: 'invalid_ticket' })
  })

  test('two clients with one ticket: worthless from then on (U1-3.2.2-a)', async () => {
    const other = { id: 'other', redirectUris: [REDIRECT_URI] }
    const { am, host } = await startAmWorld(era, {
      am: { clients: [other], policy: () => ({ redirectUser: true }) },
      host: { quirks: { ticketIn: 'header' } },
    })
    const { ticket } = challengeOf(await wire(host.origin + name))
    const errors = []
    for (const client of ['photo-app', 'other', 'photo-app'])
      errors.push((await json(`${am.issuer}/rpt`, am.issueAat('alice', client).token, { ticket })).json.error)
    expect(errors).toEqual(['need_info', 'invalid_ticket', 'invalid_ticket'])
  })
})
