/** Processes that are killed at random points while they write to one storage, and what must hold then. */
import { createHash } from 'node:crypto'
import { pause } from './contract.ts'
import { type Leased, leaseEnds, type Program, type Store, start } from './kit.ts'

const LANES = 4

const sum = (text: string) => createHash('sha256').update(text).digest('hex')

/** A value that shows whether all of it is there. */
export function record(number: number): string {
  const text = `${number}:`.repeat(1 + (number % 4000))
  return JSON.stringify({ text, sum: sum(text) })
}

export interface KillReport {
  kills: number
  acknowledged: number
  /** Numbers that were written although their writer did not live to say so: at most one for each kill. */
  unsaid: number
  records: number
  /** The most that was left of a dead holder's lease, ms: never more than its length. */
  longestLease: number
}

/**
 * Kills `runs` processes, four at work at a time, each at some point between its start and 120 ms after its first number (or its
 * third: by then it has certainly gone on where the dead one stopped). Throws when a number is lost, a record is torn, or a
 * lock would outlive its lease.
 */
export async function killRuns(store: Store<Leased>, runs: number, leaseMs = 700): Promise<KillReport> {
  const watch = await store.open(leaseMs)
  const report: KillReport = { kills: 0, acknowledged: 0, unsaid: 0, records: 0, longestLease: 0 }
  const fail = (what: string): never => {
    throw new Error(`${what} after ${report.kills} kills`)
  }

  async function kill(program: Program, key: string, early: boolean): Promise<void> {
    if (early) await pause(Math.random() * 250)
    else await program.said(3).then(() => pause(Math.random() * 120))
    program.child.kill('SIGKILL')
    if ((await program.ended) !== 'SIGKILL') fail('a process ended by itself')
    report.kills++
    const left = ((await leaseEnds(store, key)) ?? 0) - Date.now()
    report.longestLease = Math.max(report.longestLease, left)
    if (left > leaseMs) fail(`a lease of ${left} ms is left`)
  }

  /** The number, under the lock: its holder may just have died. */
  async function look(key: string): Promise<number> {
    return watch.storage.lock(key, async () => Number((await watch.storage.get(key)) ?? 0))
  }

  async function lane(key: string, times: number): Promise<void> {
    let known = 0
    for (let run = 0; run < times; run++) {
      const program = start(store.target, leaseMs, 'churn', key)
      await kill(program, key, run % 4 === 3)
      const said = program.lines.map(Number)
      if (said.some((number, index) => number !== known + index + 1)) fail(`after ${known} came ${said.join()}`)
      const now = await look(key)
      const unsaid = now - known - said.length
      if (unsaid !== 0 && unsaid !== 1) fail(`${known} and ${said.length} more are ${now}`)
      known = now
      report.acknowledged += said.length
      report.unsaid += unsaid
    }
    for await (const name of (await watch.storage.keys?.(`${key}:record:`)) ?? []) {
      const { text, sum: told } = JSON.parse((await watch.storage.get(name)) ?? fail('a key without its record'))
      if (sum(text) !== told) fail(`${name} is torn`)
      report.records++
    }
    const last = start(store.target, leaseMs, 'increment', key, 3)
    if ((await last.ended) !== 0 || (await look(key)) !== known + 3) fail('the next process did not go on')
  }

  try {
    await Promise.all(
      Array.from({ length: LANES }, (_, index) => lane(`lane:${index}`, Math.ceil((runs - index) / LANES))),
    )
  } finally {
    await watch.close()
  }
  return report
}
