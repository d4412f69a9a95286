/** R1: the bounds of a flow survive the page: a server that always redirects ends in an error, over all pages. */

import { expect, onTestFinished, test, vi } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import type { Requester } from '../../src/index.ts'
import { path, person, tokenRequests, umaRejection, until, visit, withPerson } from '../flows/kit.ts'
import { type Pages, pages, pendingIn } from '../flows/page-kit.ts'
import { grantAll, type Policy } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'

const alwaysPeople: Policy = () => ({ needInfo: { redirectUser: true } })

/** How a return ended: the page was left again, or the flow failed with an error. */
type Ending = 'left again' | Error

/** Comes back on a page that has just been loaded. */
async function comeBack({ load, urls }: Pages, back: string, requester: Requester = load()): Promise<Ending> {
  const before = urls.length
  let failure: Error | undefined
  handleCallback(requester, back).catch((error: Error) => {
    failure = error
  })
  await until(() => failure || urls.length > before)
  return failure ?? 'left again'
}

/** Follows one flow over as many pages as it takes. */
async function follow(site: Pages, at = path): Promise<Error> {
  let back = await site.leave(site.load({ maxRounds: 3 }), { path: at })
  for (let page = 0; page < 50; page++) {
    const ending = await comeBack(site, back, site.load({ maxRounds: 3 }))
    if (ending !== 'left again') return ending
    back = await visit(site.urls.at(-1) as string)
  }
  return expect.fail('50 pages were left')
}

test('R1: a server that always redirects: maxRounds bounds the redirects over page loads', async () => {
  const site = await pages({}, { policy: alwaysPeople })
  expect(await follow(site)).toMatchObject({ name: 'NeedInfoError', code: 'need_info', reason: 'max_rounds' })
  expect(site.urls.length).toBe(3)
  expect(tokenRequests(site.world).length).toBe(4)
  expect(pendingIn(site.storage)).toEqual([])
})

test('R1: new flows for the same place end with redirect_loop; other places are untouched', async () => {
  const site = await pages({}, { policy: alwaysPeople })
  await follow(site)
  for (let turn = 0; turn < 2; turn++) {
    const error = await umaRejection(site.load({ maxRounds: 3 }).fetch(site.world.host.origin + path))
    expect(error).toMatchObject({
      name: 'InteractionRequiredError',
      code: 'interaction_required',
      reason: 'redirect_loop',
      issuer: site.world.as.issuer,
      retryable: false,
    })
  }
  expect(site.urls.length).toBe(3)
  await site.leave(site.load({ maxRounds: 3 }), { path: '/alice/2.jpg' })
  await site.leave(site.load({ maxRounds: 3 }), { method: 'POST', body: 'x' })
  await site.leave(site.load({ maxRounds: 3 }).as('bob'), { login: 'bob' })
  expect(site.urls.length).toBe(6)
})

test('R1: a new flow for each redirect is bounded, too', async () => {
  const site = await pages({}, { policy: alwaysPeople })
  for (let turn = 0; turn < 3; turn++) await site.leave(site.load({ maxRounds: 3 }))
  const error = await umaRejection(site.load({ maxRounds: 3 }).fetch(site.world.host.origin + path))
  expect(error).toMatchObject({ code: 'interaction_required', reason: 'redirect_loop' })
  expect(site.urls.length).toBe(3)
})

test('R1: the stored flow holds its counters and its deadline, and its RPT by id only', async () => {
  const site = await pages({}, { policy: alwaysPeople })
  const back = await site.leave(site.load({ maxRounds: 3, timeouts: { flow: 60_000 } }))
  expect(await comeBack(site, back, site.load({ maxRounds: 3, timeouts: { flow: 60_000 } }))).toBe('left again')
  const [[, text] = ['', '']] = pendingIn(site.storage)
  const { flow } = JSON.parse(text)
  expect(flow).toMatchObject({ rounds: 2, polls: 0, recoveries: 0, limits: { rounds: 3 } })
  expect(flow.deadline).toBeGreaterThan(Date.now())
  expect(flow.deadline).toBeLessThanOrEqual(Date.now() + 60_000)
})

test('R1: a stored deadline counts up to its maximum only', async () => {
  const site = await pages({}, { policy: alwaysPeople })
  const options = { maxRounds: 3, timeouts: { flow: 60_000 } }
  const back = await site.leave(site.load(options))
  const [[key, text] = ['', '']] = pendingIn(site.storage)
  const record = JSON.parse(text)
  record.flow.deadline = Date.now() + 1e12
  site.storage.set(key, JSON.stringify(record))
  expect(await comeBack(site, back, site.load(options))).toBe('left again')
  const [[, again] = ['', '']] = pendingIn(site.storage)
  expect(JSON.parse(again).flow.deadline).toBeLessThanOrEqual(Date.now() + 60_000)
})

test('R1: a person who comes back after the deadline is too late', async () => {
  const site = await pages({}, { policy: alwaysPeople })
  const back = await site.leave(site.load({ timeouts: { flow: 60_000 } }))
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  onTestFinished(() => void vi.useRealTimers())
  expect(await umaRejection(handleCallback(site.load(), back))).toMatchObject({ code: 'invalid_state' })
})

test('R1: after timeouts.flow the person may be sent away again', async () => {
  const site = await pages({}, { policy: alwaysPeople })
  const options = { maxRounds: 1, timeouts: { flow: 60_000 } }
  await site.leave(site.load(options))
  const refused = await umaRejection(site.load(options).fetch(site.world.host.origin + path))
  expect(refused.reason).toBe('redirect_loop')
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  onTestFinished(() => void vi.useRealTimers())
  await site.leave(site.load(options))
  expect(site.urls.length).toBe(2)
})

test('R1: when the place opens, the count is forgotten', async () => {
  const site = await pages({}, { quirks: { pctOff: true, upgrade: 'never' } })
  for (let turn = 0; turn < 4; turn++) {
    const back = await site.leave(site.load({ maxRounds: 2 }))
    const requester = site.load({ maxRounds: 2 })
    const { replay } = await handleCallback(requester, back)
    expect((await replay?.())?.status).toBe(200)
    const rpt = site.world.sent().at(-1)?.headers.authorization?.slice(7) as string
    site.world.as.revoke(rpt)
  }
  expect(site.urls.length).toBe(4)
})

test('R1: the same with a handler that stays in the page', async () => {
  const world = await startWorld({ as: { policy: alwaysPeople } })
  const alice = person()
  const requester = world.requester({ ...withPerson(alice), maxRounds: 3 })
  const first = await umaRejection(requester.fetch(world.host.origin + path))
  expect(first).toMatchObject({ code: 'need_info', reason: 'max_rounds' })
  const second = await umaRejection(requester.fetch(world.host.origin + path))
  expect(second).toMatchObject({ code: 'interaction_required', reason: 'redirect_loop' })
  expect(alice.asked.length).toBe(3)
  world.as.policy = grantAll
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
})
