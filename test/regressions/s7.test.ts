/** S7: after a sign-out nothing of the party is used: not in another process, and nothing that arrives late. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Requester, RequesterOptions, RequesterStorage } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path, rejection, revocations, until } from '../flows/kit.ts'
import { ranOut, refreshes } from '../flows/refresh-kit.ts'
import { signal } from '../helpers/wait.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { holdTokens, rptAt, tokenRequests } from '../requester/kit.ts'

const url = (world: World, at = path): string => world.host.origin + at

/** The monotonic clock goes on by so many milliseconds at once. Timers run as ever. */
function monotonicLater(ms: number): void {
  const now = performance.now.bind(performance)
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + ms)
  onTestFinished(() => spy.mockRestore())
}

interface Processes {
  world: World
  /** Signs out. */
  a: Requester
  /** Holds the RPT in its memory. */
  b: Requester
  rpt: string
}

/** Two processes on one storage; both hold the RPT of alice. */
async function processes(storage: RequesterStorage = keyValueStorage(new Map())): Promise<Processes> {
  const world = await startWorld()
  const options: Partial<RequesterOptions> = { storage, requestingParty: 'alice' }
  const a = world.requester(options)
  expect((await a.fetch(url(world))).status).toBe(200)
  const b = world.requester(options)
  expect((await b.fetch(url(world))).status).toBe(200)
  const rpt = rptAt(world, path) as string
  world.recorder.clear()
  return { world, a, b, rpt }
}

/** Waits until a number has not changed for a while: what was put off has been done. */
async function settled(count: () => number): Promise<void> {
  let before = Number.NaN
  await until(() => {
    const isSame = count() === before
    before = count()
    return isSame
  }, 300)
}

describe('S7: a sign-out in another process', () => {
  test('S7: counts after 5 s at the latest', async () => {
    const { world, a, b, rpt } = await processes()
    await a.signOut()
    monotonicLater(5_001)
    world.recorder.clear()
    expect((await b.fetch(url(world))).status).toBe(200)
    expect(world.recorder.containing(rpt)).toEqual([])
    expect(tokenRequests(world).map((form) => form.has('rpt'))).toEqual([false])
  })

  test('S7: no timer is needed, and requests within 5 s cost no look at the storage', async () => {
    const map = new Map<string, string>()
    let reads = 0
    const storage = keyValueStorage({
      get(key) {
        reads += 1
        return map.get(key)
      },
      set: (key, value) => map.set(key, value),
      delete: (key) => map.delete(key),
    })
    const { world, b } = await processes(storage)
    await settled(() => reads)
    reads = 0
    for (let n = 0; n < 10; n++) await b.fetch(url(world))
    expect(reads).toBe(0)
    monotonicLater(5_001)
    await Promise.all([1, 2, 3].map(() => b.fetch(url(world))))
    expect(reads).toBe(1)
  })

  test('S7: a storage that hangs holds a request up for 250 ms at most; the copy in memory counts then', async () => {
    const map = new Map<string, string>()
    let hangs = false
    const storage = keyValueStorage({
      get: (key) => (hangs ? new Promise(() => {}) : map.get(key)),
      set: (key, value) => map.set(key, value),
      delete: (key) => map.delete(key),
    })
    const { world, b, rpt } = await processes(storage)
    hangs = true
    monotonicLater(5_001)
    world.events.length = 0
    expect((await b.fetch(url(world))).status).toBe(200)
    expect(rptAt(world, path)).toBe(rpt)
    expect(world.events).toContainEqual({ type: 'storage-failed', operation: 'get' })
  })

  test('S7: a ticket exchange under way ends with a revoked RPT that no host is shown', async () => {
    const world = await startWorld()
    const options: Partial<RequesterOptions> = { storage: keyValueStorage(new Map()), requestingParty: 'alice' }
    const issued = issuedTokens(world)
    const release = holdTokens(world)
    const late = world
      .requester(options)
      .fetch(url(world))
      .catch((error: unknown) => error)
    await until(() => tokenRequests(world).length > 0)
    await world.requester(options).signOut()
    release()
    expect(await late).toMatchObject({ code: 'invalid_state' })
    await expectRevokedUnused(world, issued)
  })
})

/** The tokens that the server issues from now on. */
function issuedTokens(world: World): string[] {
  const issued: string[] = []
  world.as.quirks.tokenAnswer = (json) => {
    issued.push(String(json.access_token))
    return json
  }
  return issued
}

async function expectRevokedUnused(world: World, issued: string[]): Promise<void> {
  await until(() => issued.length > 0)
  const [token = ''] = issued
  await until(() => revocations(world).some((form) => form.get('token') === token))
  await until(() => world.sent().every(({ status }) => status !== undefined))
  expect(world.as.grants(token)).toEqual([])
  expect(world.recorder.to('host').filter(({ headers }) => headers.authorization?.includes(token))).toEqual([])
}

describe('S7: what is under way during a sign-out', () => {
  test('S7: a ticket exchange: its RPT is not used, and the next request begins anew', async () => {
    const world = await startWorld()
    const requester = world.requester({ requestingParty: 'alice' })
    const issued = issuedTokens(world)
    const release = holdTokens(world)
    const late = requester.fetch(url(world)).catch((error: unknown) => error)
    await until(() => tokenRequests(world).length > 0)
    await requester.signOut()
    release()
    expect(await late).toMatchObject({ code: 'invalid_state' })
    await expectRevokedUnused(world, issued)
  })

  test('S7: a refresh: the new tokens are revoked and not used', async () => {
    const clients: Requester[] = []
    const released = signal()
    let held = false
    // The answer of the token endpoint arrives when the test says so.
    const holds: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (held && String(input).endsWith('/token')) await released.given
      return answer
    }
    const options = { requestingParty: 'alice', fetch: holds }
    const {
      world,
      url: at,
      token,
    } = await ranOut({ rotateRefresh: true }, options, {}, (requester) => {
      clients.push(requester)
      return async (to) => {
        const response = await requester.fetch(to)
        return { status: response.status, text: await response.text() }
      }
    })
    const [requester] = clients as [Requester]
    held = true
    const late = rejection(requester.fetch(at))
    await until(() => refreshes(world).length > 0)
    await requester.signOut()
    released.give()
    // The request was made before the sign-out, so it does not begin anew.
    expect(await late).toMatchObject({ code: 'invalid_state' })
    expect(refreshes(world).map((form) => form.get('refresh_token'))).toEqual([token])
    const revoked = revocations(world).map((form) => [form.get('token_type_hint'), form.get('token')] as const)
    // The RPT that had run out, the fresh RPT and the fresh refresh token.
    expect(revoked.map(([hint]) => hint).toSorted()).toEqual(['access_token', 'access_token', 'refresh_token'])
    for (const [, one] of revoked) {
      expect(one).not.toBe(token)
      expect(world.recorder.to('host').filter(({ headers }) => headers.authorization?.includes(`${one}`))).toEqual([])
    }
  })
})

describe('S7: with maxParties', () => {
  test('S7: as(name).signOut() reaches a handle that is held, though the party was evicted', async () => {
    const world = await startWorld()
    const requester = world.requester({ requestingParty: 'alice', maxParties: 2 })
    const bob = requester.as('bob')
    expect((await bob.fetch(url(world))).status).toBe(200)
    const rpt = rptAt(world, path) as string
    for (const name of ['carol', 'dave', 'erin', 'frank']) await requester.as(name).fetch(url(world))
    await requester.as('bob').signOut()
    expect(world.as.grants(rpt)).toEqual([])
    world.recorder.clear()
    expect((await bob.fetch(url(world))).status).toBe(200)
    expect(world.recorder.containing(rpt)).toEqual([])
    expect(world.lines()[0]).toBe(`GET host ${path} 401`)
  })

  test('S7: two handles of an evicted party share their RPTs', async () => {
    const world = await startWorld()
    const requester = world.requester({ requestingParty: 'alice', maxParties: 1 })
    const bob = requester.as('bob')
    expect((await bob.fetch(url(world))).status).toBe(200)
    requester.as('carol')
    world.recorder.clear()
    expect((await requester.as('bob').fetch(url(world))).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })
})
