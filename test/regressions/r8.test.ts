/** R8: a stored record is read exactly. A bad one is dropped with an event, and the request works. */

import { describe, expect, onTestFinished, test } from 'vitest'
import type { RequesterStorage } from '../../src/index.ts'
import { inspect } from '../../src/inspect.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path } from '../flows/kit.ts'
import { startWorld, type World } from '../helpers/world.ts'

interface Stored {
  world: World
  storage: Map<string, string>
  options: { storage: RequesterStorage; requestingParty: string }
  /** The key of the record of RPTs. */
  key: string
}

/** A storage that holds one RPT of alice. */
async function stored(): Promise<Stored> {
  const world = await startWorld()
  const storage = new Map<string, string>()
  const options = { storage: keyValueStorage(storage), requestingParty: 'alice' }
  expect((await world.requester(options).fetch(world.host.origin + path)).status).toBe(200)
  const key = [...storage.keys()].find((name) => name.startsWith('uma:rpts:')) as string
  expect(key).toContain(world.host.origin)
  world.recorder.clear()
  world.events.length = 0
  return { world, storage, options, key }
}

/** Fails the test if a rejection is left unhandled. */
function watchRejections(): void {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => {
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
}

type Change = (record: { [name: string]: unknown; rpts: Record<string, unknown>[] }) => unknown

const unusable: [string, Change | string][] = [
  ['no JSON', 'not JSON'],
  ['half a record', '{"v":2,"epoch":0,"rp'],
  ['null', 'null'],
  ['a list', '[]'],
  ['of version 1', (record) => Object.assign(record, { v: 1 })],
  ['without a version', (record) => Object.assign(record, { v: undefined })],
  ['whose RPTs are no list', (record) => Object.assign(record, { rpts: {} })],
  ['whose epoch is a text', (record) => Object.assign(record, { epoch: '0' })],
]

const first = (record: { rpts: Record<string, unknown>[] }): Record<string, unknown> =>
  record.rpts[0] as Record<string, unknown>

const badParts: [string, Change][] = [
  ['a place that is a list', (record) => Object.assign(first(record), { places: [['GET', ['https://h/x']]] })],
  ['a place of another host', (record) => Object.assign(first(record), { places: [['GET', 'https://h.example/x']] })],
  ['a place with a password', (record) => Object.assign(first(record), { places: [['GET', 'http://a:b@h.example/']] })],
  ['places that are null', (record) => Object.assign(first(record), { places: null })],
  [
    'a token that no header can carry',
    (record) => Object.assign(first(record), { grant: { token: 'a\nb', type: 'Bearer' } }),
  ],
  ['a token that is a number', (record) => Object.assign(first(record), { grant: { token: 1, type: 'Bearer' } })],
  ['an RPT that is null', (record) => Object.assign(record, { rpts: [null] })],
  ['insufficient places that are an object', (record) => Object.assign(first(record), { insufficient: {} })],
]

function spoil({ storage, key }: Stored, change: Change | string): void {
  if (typeof change === 'string') {
    storage.set(key, change)
    return
  }
  const record = JSON.parse(storage.get(key) as string)
  change(record)
  storage.set(key, JSON.stringify(record))
}

describe('R8: a record that cannot be used', () => {
  test.each(unusable)('R8: %s: record-dropped, and the request works', async (_what, change) => {
    watchRejections()
    const cast = await stored()
    const { world, options } = cast
    spoil(cast, change)
    const requester = world.requester(options)
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    expect(world.events).toContainEqual({ type: 'record-dropped', host: world.host.origin })
    expect(world.lines().filter((line) => line.includes(' host '))).toEqual([
      `GET host ${path} 401`,
      `GET host ${path} 200`,
    ])
    // The record is well again.
    world.recorder.clear()
    world.events.length = 0
    expect((await world.requester(options).fetch(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
    expect(world.events).toEqual([])
  })
})

describe('R8: a part of a record that cannot be used', () => {
  test.each(badParts)('R8: %s: the rest counts, and the request works', async (_what, change) => {
    watchRejections()
    const cast = await stored()
    const { world, options } = cast
    spoil(cast, change)
    const requester = world.requester(options)
    for (let turn = 0; turn < 2; turn++) {
      expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    }
    expect(world.lines().at(-1)).toBe(`GET host ${path} 200`)
    const [server] = (await inspect(requester)).authorizationServers
    const places = server?.rpts.flatMap((rpt) => rpt.places)
    expect(new Set(places)).toEqual(new Set([`GET ${world.host.origin}${path}`]))
  })
})

test('R8: 50,000 RPTs: at most 1,000 are taken, and the request works', async () => {
  const cast = await stored()
  const { world, options } = cast
  spoil(cast, (record) => {
    const [rpt] = record.rpts
    record.rpts = Array.from({ length: 50_000 }, (_none, n) => ({
      ...rpt,
      id: `${n}`,
      grant: { token: `token-${n}`, type: 'Bearer' },
      places: [['GET', `${world.host.origin}/alice/${n}.jpg`]],
    }))
  })
  const before = process.cpuUsage()
  const requester = world.requester(options)
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  const { user } = process.cpuUsage(before)
  const [server] = (await inspect(requester)).authorizationServers
  expect(server?.rpts.length).toBeLessThanOrEqual(1_000)
  // Quadratic time took 8 s of the processor.
  expect(user / 1_000).toBeLessThan(6_000)
})

test.each(['uma:index:', 'uma:epoch:', 'uma:pct:'])('R8: nonsense under %s does no harm', async (prefix) => {
  watchRejections()
  const { world, storage, options } = await stored()
  for (const nonsense of ['{', 'null', '[["x"]]', '{"a":1}', '-1', '1e999']) {
    for (const name of [...storage.keys()]) if (name.startsWith(prefix)) storage.set(name, nonsense)
    storage.set(`${prefix}"alice"`, nonsense)
    const requester = world.requester(options)
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    await inspect(requester)
  }
})
