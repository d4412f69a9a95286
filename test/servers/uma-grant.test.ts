import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type AuthorizationServer,
  grantAll,
  ID_TOKEN_FORMAT,
  onlyPeople,
  onlySubjects,
  ownerAgreesAfter,
  REDIRECT_URI,
  specification,
  startAuthorizationServer,
} from '../helpers/authorization-server.ts'
import { browse, exchange, freshTicket, submit } from './kit.ts'

let as: AuthorizationServer
beforeAll(async () => {
  as = await startAuthorizationServer()
})
afterAll(() => as.close())
afterEach(() => {
  Object.assign(as.quirks, specification())
  as.policy = grantAll
})

test('a ticket is spent on presentation, even when the request fails', async () => {
  const { ticket } = freshTicket(as)
  expect((await exchange(as, ticket, { claim_token: 'half' })).json.error).toBe('invalid_request')
  expect((await exchange(as, ticket)).json.error).toBe('invalid_grant')
  expect((await exchange(as, 'never-issued')).json.error).toBe('invalid_grant')
  expect(as.stats.ticketsReplayed).toBe(2)
  as.quirks.ticketLifetimeMs = 0
  expect((await exchange(as, freshTicket(as).ticket)).json.error).toBe('invalid_grant')
})

test('need_info rotates the ticket; a pushed ID token satisfies; the PCT remembers', async () => {
  as.policy = onlySubjects(['alice'])
  const { ticket, id } = freshTicket(as)
  const asked = await exchange(as, ticket)
  expect([asked.status, asked.json.error]).toEqual([403, 'need_info'])
  expect(asked.json.ticket).not.toBe(ticket)
  expect(asked.json.required_claims[0].claim_token_format).toEqual([ID_TOKEN_FORMAT])
  const pushed = { claim_token: as.issueIdToken({ sub: 'alice' }), claim_token_format: ID_TOKEN_FORMAT }
  const granted = await exchange(as, asked.json.ticket, pushed)
  expect(granted.status).toBe(200)
  expect(as.grants(granted.json.access_token)).toEqual([{ resource_id: id, resource_scopes: ['read'] }])
  const again = await exchange(as, freshTicket(as).ticket, { pct: granted.json.pct })
  expect(again.status).toBe(200)
  // of another client's it knows nothing
  expect(
    (
      await exchange(as, freshTicket(as).ticket, {
        pct: granted.json.pct,
        client_id: 'web-post',
        client_secret: 'web-post-secret',
      })
    ).json.error,
  ).toBe('need_info')
  // forged and foreign subjects
  const forged = `${pushed.claim_token.slice(0, -6)}AAAAAA`
  expect((await exchange(as, freshTicket(as).ticket, { ...pushed, claim_token: forged })).json.error).toBe(
    'invalid_request',
  )
  expect(
    (await exchange(as, freshTicket(as).ticket, { ...pushed, claim_token: as.issueIdToken({ sub: 'bob' }) })).json,
  ).toEqual({ error: 'request_denied' })
})

test('claims interaction by hand: log in, share, come back with a rotated ticket and state', async () => {
  as.policy = onlyPeople('alice')
  const asked = await exchange(as, freshTicket(as).ticket)
  expect(asked.json).toEqual({
    error: 'need_info',
    ticket: expect.any(String),
    redirect_user: `${as.issuer}/rqp_claims`,
  })
  const go = (ticket: string, more: Record<string, string> = {}): string =>
    `${asked.json.redirect_user}?${new URLSearchParams({ client_id: 'spa', ticket, claims_redirect_uri: REDIRECT_URI, state: 's t&', ...more })}`
  const form = await browse(as.origin, go(asked.json.ticket))
  expect(form.text).toContain('share my name')
  const wrong = await submit(as.origin, form, { login: 'mallory', action: 'share' })
  expect(wrong.text).toContain('no such account')
  const back = new URL(
    (await submit(as.origin, form, { login: 'alice', password: 'any', share_name: 'yes', action: 'share' })).left ?? '',
  )
  expect(back.origin + back.pathname).toBe(REDIRECT_URI)
  expect(back.searchParams.get('state')).toBe('s t&')
  const rotated = back.searchParams.get('ticket') ?? ''
  expect(rotated).not.toBe(asked.json.ticket)
  // presenting it at the interaction endpoint spent it
  expect((await exchange(as, asked.json.ticket)).json.error).toBe('invalid_grant')
  const granted = await exchange(as, rotated)
  expect(granted.status).toBe(200)
  expect(as.introspect(granted.json.access_token)).toMatchObject({ active: true, sub: 'alice' })
  expect((await exchange(as, freshTicket(as).ticket, { pct: granted.json.pct })).status).toBe(200)

  const decline = await browse(as.origin, go(freshTicket(as).ticket))
  const declined = new URL((await submit(as.origin, decline, { action: 'decline' })).left ?? '')
  expect(Object.fromEntries(declined.searchParams)).toMatchObject({ error: 'access_denied', state: 's t&' })
  const spent = new URL((await browse(as.origin, go(rotated))).left ?? '')
  expect(spent.searchParams.get('error')).toBe('invalid_request')
  // exact string comparison, query kept, never redirected to what is not registered
  const kept = await submit(
    as.origin,
    await browse(as.origin, go(freshTicket(as).ticket, { claims_redirect_uri: `${REDIRECT_URI}?keep=this` })),
    { login: 'bob', action: 'share' },
  )
  expect(kept.left).toMatch(/callback\?keep=this&ticket=/)
  for (const uri of [`${REDIRECT_URI}/`, 'https://APP.example.com/callback', 'https://evil.example/']) {
    const refused = await browse(as.origin, go(freshTicket(as).ticket, { claims_redirect_uri: uri }))
    expect([refused.status, refused.left]).toEqual([400, undefined])
  }
  as.quirks.autoInteraction = 'alice'
  expect((await browse(as.origin, go(freshTicket(as).ticket))).left).toContain('ticket=')
})

test('request_submitted: a new ticket at every poll', async () => {
  as.policy = ownerAgreesAfter(2, 5)
  const first = await exchange(as, freshTicket(as).ticket)
  expect([first.status, first.json]).toEqual([
    403,
    { error: 'request_submitted', ticket: expect.any(String), interval: 5 },
  ])
  const second = await exchange(as, first.json.ticket)
  expect(second.json.ticket).not.toBe(first.json.ticket)
  expect((await exchange(as, second.json.ticket)).status).toBe(200)
})

test('upgrade: new string with old and new permissions, the old one revoked', async () => {
  const one = freshTicket(as)
  const { access_token: rpt } = (await exchange(as, one.ticket)).json
  const two = freshTicket(as, ['write'])
  const up = await exchange(as, two.ticket, { rpt })
  expect(up.json.upgraded).toBe(true)
  expect(as.grants(up.json.access_token).map((p) => p.resource_id)).toEqual([one.id, two.id])
  expect(as.introspect(rpt)).toEqual({ active: false })
  // a second upgrade of the same RPT loses what the first one won
  const late = await exchange(as, freshTicket(as).ticket, { rpt })
  expect(as.grants(late.json.access_token).map((p) => p.resource_id)).not.toContain(two.id)
  expect(as.stats.supersededRptsPresented).toBe(1)
  as.quirks.supersededRpt = 'refuse'
  expect((await exchange(as, freshTicket(as).ticket, { rpt })).status).toBe(400)
  // expired is no hindrance
  as.quirks.rptLifetimeMs = 0
  const { access_token: expired } = (await exchange(as, freshTicket(as).ticket)).json
  as.quirks.rptLifetimeMs = 1000
  expect((await exchange(as, freshTicket(as).ticket, { rpt: expired })).json.upgraded).toBe(true)
  // one that belongs to another resource server is not upgraded
  const foreign = as.registerResource({ resource_scopes: ['read'] }, 'other-rs')._id
  const apart = await exchange(as, as.issueTicket([{ resource_id: foreign, resource_scopes: ['read'] }], 'other-rs'), {
    rpt: up.json.access_token,
  })
  expect(apart.json.upgraded).toBeUndefined()
})

test('scope: joins the permissions of the ticket, or invalid_scope; partial grants', async () => {
  const more = await exchange(as, freshTicket(as).ticket, { scope: 'print' })
  expect(as.grants(more.json.access_token)[0]?.resource_scopes).toEqual(['read', 'print'])
  const wrong = await exchange(as, freshTicket(as).ticket, { scope: 'fly' })
  expect([wrong.status, wrong.json.error]).toEqual([400, 'invalid_scope'])
  as.policy = ({ permissions }) => ({
    grant: permissions.map((p) => ({ ...p, resource_scopes: p.resource_scopes.slice(0, 1) })),
  })
  const partial = await exchange(as, freshTicket(as, ['read', 'write']).ticket)
  expect(as.grants(partial.json.access_token)[0]?.resource_scopes).toEqual(['read'])
  as.policy = () => ({ error: 'temporarily_unavailable', status: 503 })
  expect((await exchange(as, freshTicket(as).ticket)).status).toBe(503)
})
