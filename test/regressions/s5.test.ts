/** S5: a password in a URL reaches no event, no inspection and no record, and a bad entry never costs the record. */

import axios from 'axios'
import { expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import type { Requester, RequesterOptions } from '../../src/index.ts'
import { inspect } from '../../src/inspect.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path } from '../flows/kit.ts'
import { until } from '../helpers/wait.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { rptAt } from '../requester/kit.ts'

const secret = /bob|PASSWORD/

/** The URL of a path, with a user name and a password. */
function withUserinfo(world: World, at = path): string {
  const url = new URL(world.host.origin + at)
  return Object.assign(url, { username: 'bob', password: 'PASSWORD' }).href
}

test.each(['http', 'fetch'] as const)('S5: axios, %s adapter', async (adapter) => {
  const world = await startWorld()
  const storage = new Map<string, string>()
  const options: Partial<RequesterOptions> = { storage: keyValueStorage(storage), requestingParty: 'alice' }
  const requester = world.requester(options)
  const api = axios.create({ adapter })
  attachRequester(api, requester)
  for (const at of [path, '/alice/2.jpg', path]) expect((await api.get(withUserinfo(world, at))).status).toBe(200)
  expect(world.events.length).toBeGreaterThan(3)
  expect(JSON.stringify(world.events)).not.toMatch(secret)
  await expectUnknown(requester, storage)

  // The next process reads the record, and finds the same place without a password.
  world.recorder.clear()
  world.events.length = 0
  expect((await world.requester(options).fetch(world.host.origin + path)).status).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path} 200`])
  expect(world.events).toEqual([])
})

async function expectUnknown(requester: Requester, storage: Map<string, string>): Promise<void> {
  const inspection = await inspect(requester)
  expect(inspection.authorizationServers[0]?.rpts[0]?.places.length).toBeGreaterThan(0)
  expect(JSON.stringify(inspection)).not.toMatch(secret)
  await expect.poll(() => JSON.stringify([...storage])).toMatch(/alice\/2\.jpg/)
  expect(JSON.stringify([...storage])).not.toMatch(secret)
}

test('S5: an adapter of its own that hands over such a URL', async () => {
  const world = await startWorld()
  const storage = new Map<string, string>()
  const requester = world.requester({ storage: keyValueStorage(storage), requestingParty: 'alice' })
  const send = (headers?: Record<string, string | undefined>): Promise<Response> =>
    fetch(world.host.origin + path, { headers: { authorization: headers?.authorization ?? 'none' } })
  const response = await requester.run<Response>({
    method: 'GET',
    url: withUserinfo(world),
    authorized: false,
    replayable: true,
    signal: undefined,
    send: (headers) => send(headers as Record<string, string | undefined>),
    status: ({ status }) => status,
    answer: (answer) => ({
      status: answer.status,
      headers: answer.headers,
      url: answer.url,
      text: () => answer.clone().text(),
      discard: () => void answer.body?.cancel(),
    }),
  })
  expect(response.status).toBe(200)
  expect(JSON.stringify([world.events, await inspect(requester), ...storage])).not.toMatch(secret)
})

test('S5: a bad RPT and a bad place in a record are dropped singly', async () => {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const storage = new Map<string, string>()
  const options = { storage: keyValueStorage(storage), requestingParty: 'alice' }
  const first = world.requester(options)
  expect((await first.fetch(world.host.origin + path)).status).toBe(200)
  const rpt = rptAt(world, path)
  const change = (kind: string, edit: (record: { recent: unknown[]; rpts: unknown[] }) => void): void => {
    const [key = ''] = [...storage.keys()].filter((name) => name.startsWith(`uma:${kind}:`))
    const record = JSON.parse(storage.get(key) as string)
    edit(record)
    storage.set(key, JSON.stringify(record))
  }
  await until(() => [...storage.keys()].some((name) => name.startsWith('uma:rpt:')))
  const badPlaces = [['GET', withUserinfo(world, '/alice/3.jpg')], ['GET', '/../x'], 'nonsense', ['get', 7]]
  change('rpt', ({ recent }) => recent.push(...badPlaces))
  change('rpts', ({ rpts }) => rpts.push('bad', null, { id: 'bad' }, 'missing 1', 'x'.repeat(1000)))
  for (const key of [...storage.keys()].filter((name) => name.startsWith('uma:snapshot:'))) storage.delete(key)

  const requester = world.requester(options)
  world.recorder.clear()
  world.events.length = 0
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect([world.lines(), rptAt(world, path)]).toEqual([[`GET host ${path} 200`], rpt])
  const [server] = (await inspect(requester)).authorizationServers
  expect(server?.rpts.map(({ places }) => places)).toEqual([[`GET ${world.host.origin}${path}`]])
})
