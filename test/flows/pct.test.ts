/** Persisted claims tokens (G-3.3.5-c, G-5.2-b): for one party, client and issuer, and for nobody else. */

import { expect, onTestFinished, test } from 'vitest'
import { createRequester } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { onlyPeople, onlySubjects } from '../helpers/authorization-server.ts'
import { startHost } from '../helpers/host.ts'
import { later } from '../helpers/later.ts'
import { startWorld } from '../helpers/world.ts'
import { fromClient, second } from '../requester/kit.ts'
import { byFetch, waysIn } from '../ways-in/kit.ts'
import { asksFor, claim, newClaims, path, person, tokenRequests, umaRejection, withPerson } from './kit.ts'

const pctOf = (json: Record<string, unknown>, value: string): Record<string, unknown> => ({ ...json, pct: value })
const other = '/alice/2.jpg'

test.each(waysIn)('$name: goes with every later flow of that party, and spares it the claims', async ({ attach }) => {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']), quirks: { upgrade: 'never' } } })
  let asked = 0
  const requester = world.requester({ claims: () => claim(++asked ? 'alice' : ''), requestingParty: 'alice' })
  const send = attach(requester)
  for (const one of [path, other, '/alice/3.jpg']) expect((await send(world.host.origin + one)).status).toBe(200)
  expect(asked).toBe(1)
  const pcts = tokenRequests(world).map((form) => form.get('pct'))
  expect(pcts.slice(0, 2)).toEqual([null, null])
  expect(pcts[2]?.length).toBeGreaterThan(10)
  expect(pcts.length).toBe(4)
})

test('with every round of a flow, together with what else goes along', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
  const send = byFetch.attach(world.requester({ claims: newClaims() }))
  await send(world.host.origin + path)
  world.recorder.clear()
  world.as.policy = asksFor([{ name: 'more' }], [{ name: 'yet more' }])
  expect((await send(world.host.origin + other, { uma: { scope: 'write' } })).status).toBe(200)
  const forms = tokenRequests(world)
  expect(forms.length).toBe(3)
  expect(new Set(forms.map((form) => form.get('pct'))).size).toBe(1)
  expect(forms.map((form) => [form.has('pct'), form.has('rpt'), form.get('scope')])).toEqual(
    [1, 2, 3].map(() => [true, true, 'write']),
  )
})

test('a newer one takes its place; an answer without one leaves it', async () => {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const send = byFetch.attach(world.requester())
  const answers = ['one', 'two', undefined, '', 'three']
  const presented: (string | null)[] = []
  for (const [i, answer] of answers.entries()) {
    world.as.quirks.tokenAnswer = (json) => (answer === undefined ? json : pctOf(json, answer))
    world.recorder.clear()
    await send(`${world.host.origin}/alice/${i}.jpg`)
    presented.push(tokenRequests(world)[0]?.get('pct') ?? null)
  }
  expect(presented).toEqual([null, 'one', 'two', 'two', 'two'])
})

test('not to another issuer, not to a host, not for another party', async () => {
  const world = await startWorld({
    as: { policy: onlySubjects(['alice']), quirks: { tokenAnswer: (json) => pctOf(json, 'marked-pct') } },
  })
  const as2 = await second()
  const host2 = await startHost({ authorizationServer: as2, label: 'host2', recorder: as2.recorder })
  onTestFinished(host2.close)
  const requester = createRequester({
    authorizationServers: [
      { issuer: world.as.issuer, hosts: [world.host.origin], client: { id: 'spa' } },
      { issuer: as2.issuer, hosts: [host2.origin], client: { id: 'spa' } },
    ],
    claims: () => claim(),
    requestingParty: 'alice',
  })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect((await requester.fetch(host2.origin + path)).status).toBe(200)
  expect((await requester.fetch(host2.origin + other)).status).toBe(200)
  expect((await requester.as('bob').fetch(world.host.origin + other)).status).toBe(200)
  expect(as2.recorder.containing('marked-pct')).toEqual([])
  expect(fromClient(as2).length).toBeGreaterThan(3)
  expect(world.recorder.containing('marked-pct')).toEqual([])
  // It is there all the same.
  expect((await requester.fetch(world.host.origin + other)).status).toBe(200)
  expect(world.recorder.containing('marked-pct').map((r) => `${r.server} ${r.path}`)).toEqual([
    'as /token',
    'as /token',
  ])
})

test('the same issuer at another host: sent there too, it belongs to the AS (G-3.3.5-c)', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
  const host2 = await startHost({ authorizationServer: world.as, label: 'host2', recorder: world.recorder })
  onTestFinished(host2.close)
  let asked = 0
  const requester = world.requester(
    { claims: () => claim(++asked ? 'alice' : '') },
    { hosts: [world.host.origin, host2.origin] },
  )
  for (const { origin } of [world.host, host2]) expect((await requester.fetch(origin + path)).status).toBe(200)
  expect(asked).toBe(1)
  expect(tokenRequests(world).at(-1)?.has('pct')).toBe(true)
  // RPTs stay where they belong.
  expect(tokenRequests(world).at(-1)?.has('rpt')).toBe(false)
})

test('another client at the same issuer has its own', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
  const storage = new Map<string, string>()
  const options = { claims: () => claim(), requestingParty: 'alice', storage: keyValueStorage(storage) }
  expect((await world.requester(options).fetch(world.host.origin + path)).status).toBe(200)
  await world.as.addClient({ ...(await world.as.findClient('spa')), client_id: 'spa2' })
  world.recorder.clear()
  expect((await world.requester(options, { client: { id: 'spa2' } }).fetch(world.host.origin + path)).status).toBe(200)
  expect(tokenRequests(world).some((form) => form.has('pct'))).toBe(false)
})

test('kept in storage: the next process is spared too', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']), quirks: { upgrade: 'never' } } })
  const options = {
    claims: () => claim(),
    requestingParty: 'alice',
    storage: keyValueStorage(new Map<string, string>()),
  }
  expect((await world.requester(options).fetch(world.host.origin + path)).status).toBe(200)
  world.recorder.clear()
  const handler = { ...options, claims: () => expect.fail('asked again') }
  expect((await world.requester(handler).fetch(world.host.origin + other)).status).toBe(200)
  expect(tokenRequests(world).map((form) => form.has('pct'))).toEqual([true])
})

test('what a person has said at the AS is remembered by it too: no second redirect', async () => {
  const world = await startWorld({ as: { policy: onlyPeople('alice'), quirks: { upgrade: 'never' } } })
  const alice = person()
  const send = byFetch.attach(world.requester(withPerson(alice)))
  for (const one of [path, other]) expect((await send(world.host.origin + one)).status).toBe(200)
  expect(alice.asked.length).toBe(1)
})

test('invalid_pct (Gluu, 401): forgotten, in storage too, though the flow may fail', async () => {
  const world = await startWorld({
    as: {
      policy: onlySubjects(['alice']),
      quirks: { upgrade: 'never', badPct: 'invalid_pct-401', pctLifetimeMs: 60_000 },
    },
  })
  const options = {
    claims: () => claim(),
    requestingParty: 'alice',
    storage: keyValueStorage(new Map<string, string>()),
  }
  const requester = world.requester(options)
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  later(61_000)
  world.recorder.clear()
  world.as.policy = () => 'deny'
  expect((await umaRejection(requester.fetch(world.host.origin + other))).code).toBe('request_denied')
  expect(tokenRequests(world).map((form) => form.has('pct'))).toEqual([true, false])
  world.recorder.clear()
  for (const one of [requester, world.requester(options)])
    await umaRejection(one.fetch(`${world.host.origin}/alice/3.jpg`))
  expect(tokenRequests(world).map((form) => form.has('pct'))).toEqual([false, false])
})
