/** What is found in storage may be anything: it is dropped with an event, and never thrown at a caller. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRequester, none, type Requester, type UmaEvent } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../helpers/authorization-server.ts'
import { type Host, startHost } from '../helpers/host.ts'
import { WireRecorder } from '../helpers/recorder.ts'
import { ask, settled, together, watchRejections } from './kit.ts'

type Json = Record<string, unknown>
const good = {
  id: 'x1',
  grant: { token: 'stolen-or-made-up', type: 'bearer' },
  places: [['GET', 'HOST/alice/1.jpg']],
  insufficient: [],
}
const deep = '['.repeat(100_000)

/** Instead of a record's text. */
const texts: Record<string, string> = {
  empty: ' ',
  'no JSON': '{"v":1,',
  'a number': '1',
  null: 'null',
  'a list': '[]',
  'a string': '"v1"',
  binary: '\0\u0001\ufffd',
  huge: 'x'.repeat(20_000_000),
  deep,
  'a newer v': JSON.stringify({ v: 2, everything: 'else' }),
  'no v': JSON.stringify({ epoch: '0', never: false, rpts: [] }),
  'v as text': JSON.stringify({ v: '1', epoch: '0', never: false, rpts: [] }),
  'no rpts': JSON.stringify({ v: 1, epoch: '0', never: false }),
  'rpts is no list': JSON.stringify({ v: 1, epoch: '0', never: false, rpts: { 0: good, length: 1 } }),
}

/** Instead of an RPT within a record. */
const rpts: Record<string, unknown> = {
  null: null,
  'a number': 1,
  'a string': 'x',
  'an empty object': {},
  'a list': [],
  'without id': { ...good, id: undefined },
  'id is an object': { ...good, id: {} },
  'without grant': { ...good, grant: undefined },
  'grant is null': { ...good, grant: null },
  'grant is a string': { ...good, grant: 'token' },
  'without token': { ...good, grant: { type: 'bearer' } },
  'token is a number': { ...good, grant: { token: 5, type: 'bearer' } },
  'token no header can carry': { ...good, grant: { token: 'a\nb\u0100', type: 'bearer' } },
  'type is null': { ...good, grant: { token: 'x', type: null } },
  'refresh token is an object': { ...good, grant: { ...good.grant, refreshToken: {}, expiresAt: 1 } },
  'expiresAt is a string': { ...good, grant: { ...good.grant, expiresAt: 'tomorrow' } },
  'without places': { ...good, places: undefined },
  'places is null': { ...good, places: null },
  'places is a number': { ...good, places: 7 },
  'places is a string': { ...good, places: 'GET' },
  'a place is null': { ...good, places: [null] },
  'a place is a string': { ...good, places: ['GET'] },
  'a place without URL': { ...good, places: [['GET']] },
  'a place of numbers': { ...good, places: [[1, 2]] },
  'without insufficient': { ...good, insufficient: undefined },
  'insufficient is null': { ...good, insufficient: null },
  'insufficient of numbers': { ...good, insufficient: [1, null] },
}

const recorder = new WireRecorder()
let as: AuthorizationServer
let host: Host
/** What is stored of somebody who was granted two places. */
let stored: [string, string][]

const requesterOn = (storage: Map<string, string>, events: UmaEvent[] = []): Requester =>
  createRequester({
    authorizationServers: [{ issuer: as.issuer, hosts: [host.origin], client: { id: 'spa', auth: none() } }],
    requestingParty: 'bob',
    storage: keyValueStorage(storage),
    onEvent: (event) => events.push(event),
  })

beforeAll(async () => {
  as = await startAuthorizationServer({ recorder })
  host = await startHost({ authorizationServer: as, recorder, direct: true })
  const storage = new Map<string, string>()
  await ask(requesterOn(storage), { host }, [1, 2])
  await settled()
  const name = [...storage.keys()].find((key) => key.startsWith('uma:index:'))?.slice('uma:index:'.length)
  stored = [...storage, [`uma:pct:${name} ${as.issuer} spa`, 'a-pct'], [`uma:epoch:${name}`, '0']]
})
afterAll(() => Promise.all([host.close(), as.close()]))

/** The same with other texts at some keys. */
function spoiled(start: string, change: (text: string) => string): Map<string, string> {
  const keys = stored.map(([key]) => key).filter((key) => key.startsWith(start))
  expect(keys).not.toEqual([])
  return new Map(stored.map(([key, text]) => [key, keys.includes(key) ? change(text) : text]))
}

/** Two runs, so that what was dropped is not found again. */
async function goOn(storage: Map<string, string>, mustTell: boolean): Promise<void> {
  const rejections = watchRejections()
  const events: UmaEvent[] = []
  const dropped = () => events.filter(({ type }) => type === 'record-dropped').length
  expect((await ask(requesterOn(storage, events), { host }, [1, 2, 3])).statuses).toEqual([200, 200, 200])
  if (mustTell) expect(dropped()).toBeGreaterThan(0)
  await settled()
  events.length = 0
  expect((await ask(requesterOn(storage, events), { host }, [1, 2, 3])).statuses).toEqual([200, 200, 200])
  expect(dropped()).toBe(0)
  await settled()
  expect(rejections).toEqual([])
}

/** All at once: each has a storage of its own. */
const each = (names: string[], scenario: (name: string) => Promise<void>): Promise<void> =>
  together(Object.fromEntries(names.map((name) => [JSON.stringify(name.slice(0, 40)), () => scenario(name)])))

test('a record that is none', async () => {
  await each(Object.keys(texts), (name) =>
    goOn(
      spoiled('uma:rpts:', () => texts[name] as string),
      true,
    ),
  )
})

test('a record that was cut', async () => {
  await each(['0.1', '0.5', '0.9', '0.999'], (part) =>
    goOn(
      spoiled('uma:rpts:', (text) => text.slice(0, Math.floor(text.length * Number(part)))),
      true,
    ),
  )
})

test('an RPT in a record that is none', async () => {
  await each(Object.keys(rpts), (name) => {
    const change = (text: string): string =>
      JSON.stringify({ ...(JSON.parse(text) as Json), rpts: [rpts[name]] }).replaceAll('HOST', host.origin)
    return goOn(spoiled('uma:rpts:', change), false)
  })
})

test('an RPT in a record with a place of another origin, it is not sent there', async () => {
  const other = await startHost({ authorizationServer: as, label: 'other', recorder })
  const change = (text: string): string => text.replaceAll(`${host.origin}/alice/2.jpg`, `${other.origin}/alice/2.jpg`)
  const requester = requesterOn(spoiled('uma:rpts:', change))
  await ask(requester, { host }, [1])
  await requester.fetch(`${other.origin}/alice/2.jpg`).catch(() => {})
  await other.close()
  const seen = recorder.to('other').map(({ headers }) => headers.authorization)
  expect(seen.filter(Boolean)).toEqual([])
})

test('an index that is none', async () => {
  const pairs = [[], null, {}, { pairs: 'x' }, { pairs: [null] }, { pairs: [[host.origin, 2]] }, { pairs: [{}] }]
  const odd = [{ pairs: [['http://127.0.0.1']] }, { pairs: [['x', 'y z']] }]
  const all = [...[...pairs, ...odd].map((one) => JSON.stringify(one)), '', '{', 'x'.repeat(1e6)]
  await each(all, (text) =>
    goOn(
      spoiled('uma:index:', () => text),
      false,
    ),
  )
})

test.each(['uma:pct:', 'uma:epoch:'])('%s that is none', async (start) => {
  await each(['', 'x'.repeat(1e4), '{"a":1}', 'a\nb'], (text) =>
    goOn(
      spoiled(start, () => text),
      false,
    ),
  )
})
