/** Processes killed (-9) at random points while they make requests on one storage, and what must hold after each. */
import { createRequester, none } from '../../src/index.ts'
import type { RequesterStorage } from '../../src/storage/storage.ts'
import { startAuthorizationServer } from '../helpers/authorization-server.ts'
import { startHost } from '../helpers/host.ts'
import { long } from '../helpers/long.ts'
import { pause } from '../helpers/wait.ts'
import { startWorker, work } from './start-worker.ts'
import type { WorkerOrder } from './worker.ts'

export interface KillReport {
  kills: number
  /** Of these, with a token request under way. */
  inFlight: number
  /** Records that were read after the kills, every one whole. */
  records: number
  /** Requests of the next process, all answered 200. */
  requests: number
  leaseMs: number
  /** The most that was left of a dead holder's lease, ms: never more than `leaseMs`. */
  longestLease: number
  tokenRequests: number
  refreshRequests: number
  ticketsReplayed: number
  /** The AS had taken it, and the process died before it could say so to the storage. */
  refreshTokensReplayed: number
}

export interface Opened {
  storage: RequesterStorage
  /** How long the leases that are held last, ms. */
  leases(): Promise<number[]>
  close(): Promise<unknown>
}

/** Everything that is stored is whole: JSON of the version that we write, a bare number (an epoch), a token (a PCT). */
async function check(storage: RequesterStorage): Promise<number> {
  let records = 0
  for await (const key of (await storage.keys?.('uma:')) ?? []) {
    const text = (await storage.get(key)) ?? ''
    if (/^uma:(rpts?|places):/.test(key)) {
      const { v, rpts, grant } = JSON.parse(text)
      if (v !== 3 || !(Array.isArray(rpts) || typeof grant?.token === 'string')) throw new Error(`${key}: ${text}`)
    } else if (key.startsWith('uma:index:') && !Array.isArray(JSON.parse(text).pairs))
      throw new Error(`${key}: ${text}`)
    records++
  }
  return records
}

/**
 * So many kills on one storage, two processes at work at a time, each killed at some point of the first `within` ms of its requests. RPTs end
 * after two seconds and refresh tokens rotate, so that there is always something to write.
 *
 * @throws when a record is torn, a request of the next process fails, or a lock outlives its lease
 */
export async function killRuns(
  where: Pick<WorkerOrder, 'sqlite' | 'redis' | 'prefix'>,
  open: (leaseMs: number) => Promise<Opened>,
  runs: number,
  within = 1_200,
): Promise<KillReport> {
  const leaseMs = 600
  const as = await startAuthorizationServer({
    quirks: { refreshTokens: true, rotateRefresh: true, rptLifetimeMs: long ? 1_000 : 2_000, delayMs: { token: 10 } },
  })
  const host = await startHost({ authorizationServer: as, direct: true })
  const report = { kills: 0, inFlight: 0, records: 0, requests: 0, leaseMs, longestLease: 0 }
  const common: WorkerOrder = {
    ...where,
    issuer: as.issuer,
    host: host.origin,
    requests: 100_000,
    resources: 200,
    offset: 0,
    atOnce: 3,
    leaseMs,
  }

  async function victim(n: number): Promise<void> {
    const { child, ready, seen } = startWorker({ ...common, offset: n * 17 })
    await ready
    await pause(Math.random() * within)
    if (as.stats.inFlight) report.inFlight++
    child.kill('SIGKILL')
    if (await seen) throw new Error('a process ended by itself')
    report.kills++
  }

  /** As the next process: nothing in memory, places that are known and places that are not. */
  async function next(n: number): Promise<void> {
    const { storage, leases, close } = await open(leaseMs)
    const events: string[] = []
    try {
      report.records += await check(storage)
      for (const left of await leases()) report.longestLease = Math.max(report.longestLease, left)
      if (report.longestLease > leaseMs) throw new Error(`a lease of ${report.longestLease} ms is left`)
      const requester = createRequester({
        authorizationServers: [{ issuer: as.issuer, hosts: [host.origin], client: { id: 'spa', auth: none() } }],
        requestingParty: 'bob',
        storage,
        // An RPT may end on its way, more than once on a busy machine.
        maxFlowsPerRequest: 10,
        onEvent: ({ type }) => events.push(type),
      })
      const answers = await Promise.all(
        [n % 200, (n * 7) % 200, `new-${n}`].map((name) => requester.fetch(`${host.origin}/alice/${name}.jpg`)),
      )
      report.requests += answers.length
      for (const { status } of answers) if (status !== 200) throw new Error(`${status} after ${report.kills} kills`)
      // A lock that does not come within 15 s is such a failure: the lease of the dead was over before.
      if (events.includes('storage-failed')) throw new Error(`the lock did not come after ${report.kills} kills`)
    } finally {
      await close()
    }
  }

  try {
    for (let n = 0; n < runs; n += 2) {
      await Promise.all([victim(n), victim(n + 1)].slice(0, runs - n))
      await next(n)
    }
    const { statuses } = await work({ ...common, requests: 30, resources: 30 })
    if (statuses.some((status) => status !== 200)) throw new Error(`the last process got ${statuses}`)
  } finally {
    await Promise.all([host.close(), as.close()])
  }
  const { tokenRequests, refreshRequests, ticketsReplayed, refreshTokensReplayed } = as.stats
  return { ...report, tokenRequests, refreshRequests, ticketsReplayed, refreshTokensReplayed }
}
