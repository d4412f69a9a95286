/** Locks between processes: what a dead, a slow and a robbed holder leave behind. */
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test, vi } from 'vitest'
import { type Leases, leaseLock } from '../../src/storage/lease.ts'
import { pause } from './contract.ts'
import { type Leased, type Program, type Store, shared, sqliteStore, start } from './kit.ts'

/** What a test makes goes with it, the last first. Tests run side by side here: most of their time is waiting. */
function making({ onTestFinished }: TestContext, make: () => Store<Leased>) {
  const store = make()
  onTestFinished(async () => {
    await store.remove()
  })
  return {
    store,
    async opening(leaseMs?: number): Promise<Leased> {
      const opened = await store.open(leaseMs)
      onTestFinished(async () => {
        await opened.close()
      })
      return opened.storage
    },
    async holding(leaseMs: number): Promise<Program> {
      const holder = start(store.target, leaseMs, 'hold', 'l')
      onTestFinished(() => {
        holder.child.kill('SIGKILL')
      })
      await holder.said(1)
      return holder
    },
  }
}

function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await run()
  return performance.now() - from
}

for (const { name, there, make } of shared)
  describe.skipIf(!there).concurrent(name, () => {
    test('the lock of a killed process is free when its lease has run out, not before', async (context) => {
      const { expect } = context
      const { opening, holding } = making(context, make)
      const storage = await opening(1000)
      const holder = await holding(1000)
      await pause(1500) // It has renewed by now.
      const waiting = timed(() => storage.lock('l', async () => {}))
      holder.child.kill('SIGKILL')
      await holder.ended
      const waited = await waiting
      expect(waited).toBeGreaterThan(300)
      expect(waited).toBeLessThan(8_000)
    })

    test('other keys are free meanwhile, and so is a lock whose holder ended well', async (context) => {
      const { expect } = context
      const { store, opening, holding } = making(context, make)
      const storage = await opening()
      await holding(30_000)
      expect(await timed(() => storage.lock('other', async () => {}))).toBeLessThan(10_000)
      expect(await start(store.target, 30_000, 'increment', 'third', 1).ended).toBe(0)
      expect(await timed(() => storage.lock('third', async () => {}))).toBeLessThan(10_000)
    })

    test('a task longer than its lease keeps it', async (context) => {
      const { expect } = context
      const { opening } = making(context, make)
      const [one, two] = [await opening(2000), await opening(2000)]
      const order: string[] = []
      let next: Promise<unknown> | undefined
      await one.lock('l', async (lost) => {
        next = two.lock('l', async () => order.push('next'))
        await pause(4500)
        order.push(lost.aborted ? 'lost' : 'kept')
      })
      await next
      expect(order).toEqual(['kept', 'next'])
    })

    test('a holder that was robbed is told, and does not let go of what is another’s', async (context) => {
      const { expect } = context
      const { store, opening } = making(context, make)
      const [one, two, three] = [await opening(3000), await opening(), await opening()]
      const order: string[] = []
      const [robbed, told] = [signal(), signal()]
      const slow = one.lock('l', async (lost) => {
        lost.addEventListener('abort', told.give)
        // As if the lease had run out: this process stood still, say.
        await expire(store, 'l')
        robbed.give()
        await told.given
        order.push('robbed')
        return 'done'
      })
      await robbed.given
      let last: Promise<unknown> | undefined
      await two.lock('l', async () => {
        last = three.lock('l', async () => order.push('last'))
        expect(await slow).toBe('done')
        order.push('slow is done')
        await pause(300)
        order.push('next is done')
      })
      await last
      expect(order).toEqual(['robbed', 'slow is done', 'next is done', 'last'])
    })
  })

/** Ends the lease behind its holder's back. */
async function expire({ target }: Store<Leased>, key: string): Promise<void> {
  const rest = target.slice(target.indexOf(':') + 1)
  if (target.startsWith('sqlite:')) {
    const db = new DatabaseSync(rest)
    db.prepare('UPDATE leases SET expires = 0 WHERE key = ?').run(key)
    db.close()
  } else {
    const { createClient } = await import('redis')
    const client = createClient({ url: process.env.UMA_TEST_REDIS_URL ?? '' })
    await client.connect()
    await client.del(`${rest}lock:${key}`)
    await client.close()
  }
}

test.concurrent('sqlite: the version of a lease rises with each holder, and none is left behind', async (context) => {
  const { store, opening } = making(context, sqliteStore)
  const [one, two] = [await opening(), await opening()]
  await one.set('x', '1')
  const db = new DatabaseSync(store.target.slice('sqlite:'.length))
  const versions: unknown[] = []
  const look = async () => versions.push(db.prepare('SELECT version FROM leases WHERE key = ?').get('l')?.version)
  for (const storage of [one, two, one, two]) await storage.lock('l', look)
  const left = db.prepare('SELECT count(*) AS n FROM leases').get()
  db.close()
  context.expect([versions, left]).toEqual([[1, 2, 3, 4], { n: 0 }])
})

describe.concurrent('the lock, whatever keeps its leases', () => {
  const leases = (some: Partial<Leases<number>> = {}): Leases<number> => ({
    take: async () => 1,
    renew: async () => true,
    release: async () => {},
    ...some,
  })

  test('a storage that cannot be asked rejects, and the next in line asks again', async ({ expect }) => {
    const take = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(1)
    const lock = leaseLock(leases({ take }), 1000)
    const [first, second] = [lock('l', async () => 1), lock('l', async () => 2)]
    await expect(first).rejects.toThrow('away')
    expect(await second).toBe(2)
  })

  test('a lease that cannot be given back does not fail the task, nor keep it for long', async ({ expect }) => {
    const failing = leaseLock(leases({ release: () => Promise.reject(new Error('away')) }), 1000)
    expect(await failing('l', async () => 'done')).toBe('done')
    const hanging = leaseLock(leases({ release: () => new Promise(() => {}) }), 1000)
    expect(await timed(() => hanging('l', async () => {}))).toBeLessThan(8_000)
  })

  test.for([
    ['fails', () => Promise.reject(new Error('away'))],
    ['hangs', () => new Promise<boolean>(() => {})],
  ] as const)('a renewal that %s is no loss before the lease has run out', async ([, renew], { expect }) => {
    const lock = leaseLock(leases({ renew }), 300)
    const at = await lock('l', async (lost) => {
      const from = performance.now()
      await new Promise((resolve) => lost.addEventListener('abort', resolve))
      return performance.now() - from
    })
    expect(at).toBeGreaterThan(290)
    expect(at).toBeLessThan(8_000)
  })

  test('one renewal that fails is made up for by the next', async ({ expect }) => {
    const renew = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(true)
    const lock = leaseLock(leases({ renew }), 1200)
    expect(await lock('l', (lost) => pause(2000).then(() => lost.aborted))).toBe(false)
    expect(renew.mock.calls.length).toBeGreaterThan(2)
  })

  test('nothing is renewed after the task', async ({ expect }) => {
    const renew = vi.fn().mockResolvedValue(true)
    await leaseLock(leases({ renew }), 60)('l', async () => {})
    await pause(100)
    expect(renew).not.toHaveBeenCalled()
  })

  test('of those in one process only the first asks the storage', async ({ expect }) => {
    let free = false
    const take = vi.fn(async () => (free ? 1 : undefined))
    const lock = leaseLock(leases({ take }), 1000)
    const all = Promise.all(Array.from({ length: 50 }, () => lock('l', async () => {})))
    await pause(300)
    expect(take.mock.calls.length).toBeLessThan(15)
    free = true
    await all
  })
})
