/** With a token in the wallet, a request touches no storage. */

import { expect, onTestFinished, test, vi } from 'vitest'
import { repetitions } from '../helpers/long.ts'
import { startWorld } from '../helpers/world.ts'
import { ask, get, moody, settled } from './kit.ts'

const total = (storage: ReturnType<typeof moody>): number => Object.values(storage.counts).reduce((a, b) => a + b)
const reset = (storage: ReturnType<typeof moody>): void =>
  void Object.assign(storage.counts, { get: 0, set: 0, delete: 0, lock: 0 })

const REQUESTS = repetitions(300, 1000)

test(`${REQUESTS} requests, one after the other and at once: nothing is read or written`, async () => {
  const world = await startWorld({ host: { direct: true } })
  const storage = moody()
  const requester = world.requester({ storage, requestingParty: 'bob' })
  await ask(requester, world, [1, 2])
  await settled()
  reset(storage)
  // After 5 s, one request looks at the epoch. On a busy machine, this test takes longer.
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
  onTestFinished(() => clock.mockRestore())
  for (let n = 0; n < REQUESTS / 2; n++) expect(await get(requester, world, 1 + (n % 2))).toBe(200)
  const answers = await Promise.all(Array.from({ length: REQUESTS / 2 }, (_, n) => get(requester, world, 1 + (n % 2))))
  expect(answers.filter((status) => status !== 200)).toEqual([])
  await settled()
  expect(storage.counts).toEqual({ get: 0, set: 0, delete: 0, lock: 0 })
})

test('a host is read once, however many requests come at once', async () => {
  const world = await startWorld({ host: { direct: true } })
  const { held } = moody()
  const first = world.requester({ storage: moody(undefined, held), requestingParty: 'bob' })
  await ask(first, world, [1])
  await settled()
  const storage = moody(undefined, held)
  const second = world.requester({ storage, requestingParty: 'bob' })
  world.recorder.clear()
  const answers = await Promise.all(Array.from({ length: REQUESTS }, () => get(second, world, 1)))
  expect(answers.filter((status) => status !== 200)).toEqual([])
  expect(world.sent()).toHaveLength(REQUESTS)
  await settled()
  // The index, the epoch, the stamp, the PCT, the RPT and its places.
  expect(storage.counts).toEqual({ get: 6, set: 0, delete: 0, lock: 0 })
})

test('a host that needs no token costs one look at the index and one at the epoch', async () => {
  const world = await startWorld()
  const storage = moody()
  const requester = world.requester({ storage, requestingParty: 'bob' })
  for (let n = 0; n < 100; n++) await (await requester.fetch(`${world.host.origin}/public/${n}.jpg`)).text()
  await settled()
  expect(storage.counts).toEqual({ get: 2, set: 0, delete: 0, lock: 0 })
})

test('places that are learned are written a little later, many at once', async () => {
  const world = await startWorld({ host: { direct: true } })
  const { held } = moody()
  const grown = world.requester({ storage: moody(undefined, held), requestingParty: 'carol' })
  const storage = moody(undefined, held)
  const requester = world.requester({ storage, requestingParty: 'bob' })
  const photos = Array.from({ length: 100 }, (_, n) => n)
  // One RPT for all of them, and a wallet that knows one place only.
  await ask(requester, world, photos)
  await ask(grown, world, [1])
  await settled()
  const ofBob = (start: string) => [...held.keys()].find((key) => new RegExp(`^${start}:\\W*bob`).test(key)) as string
  const [rpt, places] = [ofBob('uma:rpt'), ofBob('uma:places')]
  held.set(rpt, JSON.stringify({ ...JSON.parse(held.get(rpt) as string), recent: [] }))
  const [[id, revision]] = JSON.parse(held.get(places) as string).rpts
  held.set(places, JSON.stringify({ v: 3, rpts: [[id, revision, [['GET', '/alice/1.jpg']], []]] }))
  const after = moody(undefined, held)
  const next = world.requester({ storage: after, requestingParty: 'bob' })
  world.recorder.clear()
  const start = Date.now()
  expect((await ask(next, world, photos)).statuses.every((status) => status === 200)).toBe(true)
  expect(world.sent()).toHaveLength(100)
  const took = Date.now() - start
  await settled()
  expect(after.counts.set).toBeGreaterThan(0)
  // The record of places and the stamp, each time.
  expect(after.counts.set).toBeLessThanOrEqual(4 + took / 50)
  expect(total(after)).toBeLessThanOrEqual(4 + 8 * after.counts.set)
  const last = world.requester({ storage: moody(undefined, held), requestingParty: 'bob' })
  const third = held.get(places) as string
  for (const n of photos) expect(third).toContain(`/alice/${n}.jpg"`)
  expect(await get(last, world, 99)).toBe(200)
})
