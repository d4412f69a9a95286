/** R3: a claim is sent once after each challenge. The error says that the claims were not sufficient. */
import { expect, test } from 'vitest'
import { findUmaError, type NeedInfoError } from '../../src/index.ts'
import { asksFor, claim, newClaims, path, rejection } from '../flows/kit.ts'
import type { Policy, RequiredClaim } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'
import { tokenRequests } from '../requester/kit.ts'

const age: RequiredClaim = { name: 'age', friendly_name: 'how old you are' }
const neverContent: Policy = () => ({ needInfo: { requiredClaims: [age] } })

async function needInfoOf(promise: Promise<unknown>): Promise<NeedInfoError> {
  const found = findUmaError(await rejection(promise), 'need_info')
  return found ?? expect.fail('no NeedInfoError')
}

test('R3: a server that keeps asking is sent the claim once', async () => {
  const world = await startWorld({ as: { policy: neverContent } })
  const error = await needInfoOf(world.requester({ claims: () => claim() }).fetch(world.host.origin + path))
  expect(tokenRequests(world).map((form) => form.get('claim_token'))).toEqual([null, claim().token])
  expect(error.reason).toBe('insufficient')
  expect(error.message).toMatch(/not sufficient/)
  expect(error.message).not.toMatch(/not supplied/)
  expect(error.requiredClaims).toEqual([{ name: 'age', friendly_name: 'how old you are', raw: age }])
})

test('R3: another token in the same format is another claim, and maxRounds bounds them', async () => {
  const world = await startWorld({ as: { policy: neverContent } })
  const error = await needInfoOf(world.requester({ claims: newClaims(), maxRounds: 3 }).fetch(world.host.origin + path))
  const sent = tokenRequests(world).flatMap((form) => form.get('claim_token') ?? [])
  expect(sent.length).toBe(3)
  expect(new Set(sent).size).toBe(3)
  expect(error).toMatchObject({ reason: 'max_rounds', requiredClaims: [{ name: 'age' }] })
})

test('R3: the same token in another format is another claim', async () => {
  const world = await startWorld({ as: { policy: asksFor([age], [age]) } })
  let asked = 0
  const claims = () => {
    asked += 1
    return claim('alice', `urn:test:json:${asked}`)
  }
  expect((await world.requester({ claims }).fetch(world.host.origin + path)).status).toBe(200)
  expect(asked).toBe(2)
})

test('R3: the next request begins anew, and sends the claim again', async () => {
  const world = await startWorld({ as: { policy: neverContent } })
  const requester = world.requester({ claims: () => claim() })
  for (let turn = 0; turn < 2; turn++) await needInfoOf(requester.fetch(world.host.origin + path))
  expect(tokenRequests(world).filter((form) => form.has('claim_token')).length).toBe(2)
})

test('R3: a claim that was pushed first is not sent again either', async () => {
  const world = await startWorld({ as: { policy: neverContent } })
  const requester = world.requester({ claims: () => claim() }, { pushClaims: 'first' })
  const error = await needInfoOf(requester.fetch(world.host.origin + path))
  expect(tokenRequests(world).map((form) => form.has('claim_token'))).toEqual([true])
  expect(error.reason).toBe('insufficient')
})

test('R3: nothing was supplied: the error says so, and lists what is required', async () => {
  const world = await startWorld({ as: { policy: neverContent } })
  const error = await needInfoOf(world.requester().fetch(world.host.origin + path))
  expect(error.message).toMatch(/not supplied/)
  expect(error.reason).toBeUndefined()
  expect(error.requiredClaims.map(({ name }) => name)).toEqual(['age'])
})

test('R3: after a fresh challenge within the flow, the claim is sent again', async () => {
  const policy: Policy = ({ claims }) => (claims.length > 0 ? 'grant' : { needInfo: { requiredClaims: [age] } })
  const world = await startWorld({ as: { policy, quirks: { badRpt: 'invalid_rpt-403', pctOff: true } } })
  const requester = world.requester({ claims: () => claim() }, { pushClaims: 'first' })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  world.as.revoke(world.sent().at(-1)?.headers.authorization?.slice(7) as string)
  world.recorder.clear()
  expect((await requester.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  // The server refuses the revoked `rpt`, and the ticket is used up.
  expect(tokenRequests(world).map((form) => [form.has('rpt'), form.get('claim_token')])).toEqual([
    [true, claim().token],
    [false, claim().token],
  ])
})

test('R3: claims that were sent before a fresh challenge are sent again after it', async () => {
  let asks = 0
  const more: Policy = ({ claims }) => {
    asks += 1
    // The server finds out late that the RPT to upgrade is gone: the ticket and its claims are used up.
    if (asks === 3) return { error: 'invalid_grant', status: 400 }
    if (asks === 5) return 'grant'
    return { needInfo: { requiredClaims: [{ name: claims.length === 0 ? 'age' : 'town' }] } }
  }
  const world = await startWorld({ as: { quirks: { pctOff: true } } })
  const requester = world.requester({ claims: ([needed]) => claim(needed?.name) })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  world.as.policy = more
  world.recorder.clear()
  expect((await requester.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  const [age, town] = ['age', 'town'].map((name) => claim(name).token)
  expect(tokenRequests(world).map((form) => form.get('claim_token'))).toEqual([null, age, town, null, age])
})
