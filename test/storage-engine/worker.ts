/** A process that makes requests on a shared storage: `worker.ts '{"issuer":…}'` says `ready`, and in the end what it saw, as JSON. */
import { createRequester, none } from '../../src/index.ts'
import type { RequesterStorage } from '../../src/storage/storage.ts'
import { pause, stopwatch } from '../helpers/wait.ts'

export interface WorkerOrder {
  issuer: string
  host: string
  /** A SQLite file, or a Redis URL and the prefix of all keys. */
  sqlite?: string
  redis?: string
  prefix?: string
  requests: number
  resources: number
  /** Where to start among the resources, so that the processes do not all go the same way. */
  offset: number
  /** How many requests at once, and how many milliseconds after which the next. */
  atOnce: number
  every?: number
  /** Milliseconds that a lock outlives its holder's death. Default: the storages'. */
  leaseMs?: number
}

const order = JSON.parse(process.argv[2] as string) as WorkerOrder
const { sqlite, redis, prefix = '', requests, resources, offset, atOnce, every = 0 } = order
const lease = order.leaseMs ? { leaseMs: order.leaseMs } : {}
let storage: RequesterStorage
let close = async (): Promise<void> => {}
if (sqlite) {
  const { sqliteStorage } = await import('../../src/storage/sqlite.ts')
  storage = sqliteStorage({ path: sqlite, ...lease })
} else {
  const { createClient } = await import('redis')
  const { redisStorage } = await import('../../src/storage/redis.ts')
  const client = createClient({ url: redis as string })
  await client.connect()
  storage = redisStorage(client as never, { prefix, ...lease })
  close = async () => void (await client.close())
}
const events: Record<string, number> = {}
const requester = createRequester({
  authorizationServers: [{ issuer: order.issuer, hosts: [order.host], client: { id: 'spa', auth: none() } }],
  requestingParty: 'bob',
  // An RPT that lives for a second or two may end on its way, more than once on a busy machine.
  maxFlowsPerRequest: 10,
  storage,
  onEvent: ({ type }) => {
    events[type] = (events[type] ?? 0) + 1
  },
})

let slowest = 0
const watch = stopwatch()
async function get(n: number): Promise<number | string> {
  const from = watch.ms()
  try {
    const response = await requester.fetch(`${order.host}/alice/${n}.jpg`)
    await response.text()
    return response.status
  } catch (error) {
    return String(error)
  } finally {
    slowest = Math.max(slowest, watch.ms() - from)
  }
}

console.log('ready')
const statuses: (number | string)[] = []
for (let done = 0; done < requests; done += atOnce) {
  const batch = Array.from({ length: Math.min(atOnce, requests - done) }, (_, i) => (done + i + offset) % resources)
  statuses.push(...(await Promise.all(batch.map(get))))
  if (every) await pause(every)
}
// What was learned is written a little later.
await pause(300)
await close()
// Not later: a lock that could not be given back is still being waited for.
process.stdout.write(`${JSON.stringify({ statuses, events, slowest })}\n`, () => process.exit())
