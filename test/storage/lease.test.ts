/** Locks between processes: what a dead, a slow and a robbed holder leave behind. */
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'vitest'
import { pause, signal, until } from '../helpers/wait.ts'
import { type Leased, leaseEnds, type Program, type Store, shared, sqliteStore, start } from './kit.ts'

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

/** Milliseconds. A holder renews three times per lease: it may stand still for two of these three. */
const LEASE = 6_000

for (const { name, there, make } of shared)
  describe.skipIf(!there).concurrent(name, () => {
    test('the lock of a killed process is free when its lease has run out, not before', async (context) => {
      const { expect } = context
      const { store, opening, holding } = making(context, make)
      const storage = await opening(LEASE)
      const holder = await holding(LEASE)
      const first = (await leaseEnds(store, 'l')) ?? 0
      await until(async () => ((await leaseEnds(store, 'l')) ?? 0) > first + LEASE / 6) // It renews.
      const taken = storage.lock('l', async () => Date.now())
      holder.child.kill('SIGKILL')
      await holder.ended
      const ends = await leaseEnds(store, 'l')
      expect(await taken).toBeGreaterThanOrEqual(ends ?? Number.POSITIVE_INFINITY)
    })

    test('other keys are free meanwhile, and so is a lock whose holder ended well', async (context) => {
      const { expect } = context
      const { store, opening, holding } = making(context, make)
      const storage = await opening()
      await holding(600_000)
      expect(await storage.lock('other', async () => 'got')).toBe('got')
      expect(await start(store.target, 600_000, 'increment', 'third', 1).ended).toBe(0)
      expect(await leaseEnds(store, 'third')).toBeUndefined()
      expect(await storage.lock('third', async () => 'got')).toBe('got')
      // All that time, the other lock was held.
      expect(await leaseEnds(store, 'l')).toBeGreaterThan(Date.now())
    })

    test('a task longer than its lease keeps it', async (context) => {
      const { expect } = context
      const { store, opening } = making(context, make)
      const [one, two] = [await opening(LEASE), await opening(LEASE)]
      const order: string[] = []
      let next: Promise<unknown> | undefined
      await one.lock('l', async (lost) => {
        const first = (await leaseEnds(store, 'l')) ?? 0
        next = two.lock('l', async () => order.push('next'))
        await until(() => Date.now() > first + LEASE / 3, 50)
        order.push(lost.aborted ? 'lost' : 'kept')
        expect(await leaseEnds(store, 'l')).toBeGreaterThan(first)
      })
      await next
      expect(order).toEqual(['kept', 'next'])
    })

    test('a holder that was robbed is told, and does not let go of what is another’s', async (context) => {
      const { expect } = context
      const { store, opening } = making(context, make)
      const [one, two, three] = [await opening(LEASE), await opening(), await opening()]
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
        // Time enough for the third to take the lock, if it had been let go of.
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
    const db = new DatabaseSync(rest, { timeout: 60_000 })
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
