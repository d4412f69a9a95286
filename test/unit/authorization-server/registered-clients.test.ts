/** The registered client that both ends use. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { inTurn } from '../../../src/async/in-turn.ts'
import {
  type ClientRecords,
  createRegisteredClients,
  type RegisteredClientsParts,
  type Registrar,
} from '../../../src/authorization-server/registered-clients.ts'
import { DiscoveryError } from '../../../src/errors/index.ts'
import { type Act, failureOf, issuer, metadata, scriptedFetch, status } from './kit.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const registrar: Registrar = { issuer, client: { client_name: 'App' }, metadata: async () => metadata }
const usualKey = `uma:client:${issuer} {"client_name":"App"}`

function storage() {
  const values = new Map<string, string>()
  const written: [string, number | undefined][] = []
  const records: ClientRecords = {
    get: async (key) => values.get(key),
    async set(key, value, ttlMs) {
      values.set(key, value)
      written.push([key, ttlMs])
    },
    lock: inTurn(),
  }
  return { values, written, records }
}

let count = 0
const registered =
  (more: Record<string, unknown> = {}): Act =>
  () =>
    Response.json({ client_id: `client-${++count}`, ...more }, { status: 201 })

/** One program; several of them may share a storage. */
function program(acts: Act[], kept = storage(), more: Partial<RegisteredClientsParts> = {}) {
  count = 0
  const { caller, sent } = scriptedFetch(...acts)
  const told: string[] = []
  const parts = { records: kept.records, caller, onRegistered: (at: string) => told.push(at), ...more }
  return { ...kept, sent, told, clients: createRegisteredClients(parts) }
}

describe('register', () => {
  test('once for all who ask at the same time, and then never again; the record is stored', async () => {
    const { clients, sent, told, values, written } = program([registered({ client_secret: 'the-secret' })])
    const records = await Promise.all([1, 2, 3].map(() => clients.register(registrar)))
    expect(records.map(({ id }) => id)).toEqual(['client-1', 'client-1', 'client-1'])
    await clients.register(registrar)
    expect([sent.length, told]).toEqual([1, [issuer]])
    expect(JSON.parse(values.get(usualKey) ?? '')).toEqual(records[0])
    expect(written).toEqual([[usualKey, undefined]])
  })

  test('once for several programs on one storage', async () => {
    const kept = storage()
    const [one, two] = [program([registered()], kept), program([registered()], kept)]
    const found = await Promise.all([one.clients.register(registrar), two.clients.register(registrar)])
    expect([found[0]?.id === found[1]?.id, one.sent.length + two.sent.length]).toEqual([true, 1])
  })

  test('other metadata is another client', async () => {
    const { clients, sent } = program([registered()])
    const other = { ...registrar, client: { client_name: 'Other' } }
    expect((await clients.register(registrar)).id).not.toBe((await clients.register(other)).id)
    expect(sent.length).toBe(2)
  })

  test('in the way of another protocol', async () => {
    const { clients, sent } = program([registered()])
    const register = async () => ({ id: 'own', method: 'none' })
    expect(await clients.register({ ...registrar, register })).toEqual({ id: 'own', method: 'none' })
    expect(sent.length).toBe(0)
  })

  test('a failure is not remembered', async () => {
    const { clients, told } = program([status(500), registered()])
    expect(await failureOf(clients.register(registrar))).toMatchObject({ code: 'registration_failed', issuer })
    expect([(await clients.register(registrar)).id, told]).toEqual(['client-1', [issuer]])
  })

  test('errors: those of this package as they are; any other one becomes registration_failed', async () => {
    const { clients } = program([registered()])
    const discovery = new DiscoveryError('no metadata', { issuer })
    const without = { ...registrar, metadata: () => Promise.reject(discovery) }
    expect(await failureOf(clients.register(without))).toBe(discovery)
    const bug = new RangeError('a bug')
    const broken = { ...registrar, register: () => Promise.reject(bug) }
    expect(await failureOf(clients.register(broken))).toMatchObject({ code: 'registration_failed', cause: bug })
  })
})

describe('a client that the server has forgotten', () => {
  test('another one is registered, for all who ask', async () => {
    const { clients, sent } = program([registered()])
    const { id } = await clients.register(registrar)
    const again = await Promise.all([1, 2, 3].map(() => clients.register(registrar, id)))
    expect([again.map((record) => record.id), sent.length]).toEqual([['client-2', 'client-2', 'client-2'], 2])
    expect((await clients.stored(registrar))?.id).toBe('client-2')
  })

  test('another program has replaced it already', async () => {
    const kept = storage()
    const [one, two] = [program([registered()], kept), program([registered()], kept)]
    const { id } = await one.clients.register(registrar)
    await two.clients.stored(registrar)
    const replaced = await two.clients.register(registrar, id)
    expect((await one.clients.register(registrar, id)).id).toBe(replaced.id)
    expect(one.sent.length).toBe(1)
  })

  test('R12: at most once a minute, also if the clock is set back', async () => {
    const { clients, sent } = program([registered()])
    await clients.register(registrar)
    await clients.register(registrar, 'client-1')
    expect((await clients.register(registrar, 'client-2')).id).toBe('client-2')
    vi.setSystemTime(Date.now() - 3_600_000)
    await vi.advanceTimersByTimeAsync(59_000)
    expect((await clients.register(registrar, 'client-2')).id).toBe('client-2')
    await vi.advanceTimersByTimeAsync(1_000)
    expect((await clients.register(registrar, 'client-2')).id).toBe('client-3')
    expect(sent.length).toBe(3)
  })
})

describe('a secret that ends', () => {
  const at = (seconds: number) => ({
    client_secret: 'the-secret',
    client_secret_expires_at: Date.UTC(2030, 0, 1) / 1000 + seconds,
  })

  test('is stored until then, and then another client is registered', async () => {
    const { clients, written } = program([registered(at(100)), registered()])
    expect((await clients.register(registrar)).id).toBe('client-1')
    expect(written).toEqual([[usualKey, 100_000]])
    await vi.advanceTimersByTimeAsync(100_000)
    expect(await clients.stored(registrar)).toBeUndefined()
    expect((await clients.register(registrar)).id).toBe('client-2')
  })

  test('counts as ended some time before, if the program says so', async () => {
    const { clients } = program([registered(at(100)), registered()], storage(), { margin: 60_000 })
    await clients.register(registrar)
    await vi.advanceTimersByTimeAsync(40_000)
    expect((await clients.register(registrar)).id).toBe('client-2')
  })

  test('an end in the past is ignored', async () => {
    const { clients, sent } = program([registered(at(-100))])
    expect(await clients.register(registrar)).not.toHaveProperty('expiresAt')
    await clients.register(registrar)
    expect(sent.length).toBe(1)
  })
})

describe('stored', () => {
  test('sends nothing, and reads the storage once', async () => {
    const kept = storage()
    const { clients, sent, values } = program([registered()], kept)
    expect(await clients.stored(registrar)).toBeUndefined()
    values.set(usualKey, JSON.stringify({ id: 'before', method: 'none' }))
    expect((await clients.stored(registrar))?.id).toBe('before')
    values.clear()
    expect((await clients.stored(registrar))?.id).toBe('before')
    expect(sent.length).toBe(0)
  })

  test('with another id than memory has, the storage is read', async () => {
    const { clients, values } = program([registered()])
    await clients.register(registrar)
    values.set(usualKey, JSON.stringify({ id: 'newer', method: 'none' }))
    expect((await clients.stored(registrar))?.id).toBe('client-1')
    expect((await clients.stored(registrar, 'newer'))?.id).toBe('newer')
  })

  test.each(['', 'no JSON', '[]', '{"id":""}', '{"id":7}'])('a record that is not usable: %j', async (text) => {
    const { clients, values } = program([registered()])
    values.set(usualKey, text)
    expect(await clients.stored(registrar)).toBeUndefined()
  })

  test('a storage that cannot be read: the client in memory counts', async () => {
    const kept = storage()
    const { clients } = program([registered()], kept)
    const { id } = await clients.register(registrar)
    kept.records.get = async () => false
    expect((await clients.stored(registrar, 'other'))?.id).toBe(id)
  })

  test('a key of one’s own', async () => {
    const { clients, values } = program([registered()], storage(), { keyOf: ({ issuer: at }) => `host|${at}|client` })
    await clients.register(registrar)
    expect([...values.keys()]).toEqual([`host|${issuer}|client`])
  })
})
