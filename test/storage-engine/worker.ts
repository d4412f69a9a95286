/** A process that makes requests on a shared storage: `worker.ts '{"issuer":…}'` prints what it saw as JSON. */
import { createRequester, none } from '../../src/index.ts'
import type { UmaStorage } from '../../src/storage/storage.ts'

export interface WorkerOrder {
  issuer: string
  host: string
  /** A SQLite file or a Redis URL. */
  sqlite?: string
  redis?: string
  requests: number
  resources: number
  /** Where to start among the resources, so that the processes do not all go the same way. */
  offset: number
  /** How many requests at once. */
  atOnce: number
}

const order = JSON.parse(process.argv[2] as string) as WorkerOrder
let storage: UmaStorage
let close = async (): Promise<void> => {}
if (order.sqlite) {
  const { sqliteStorage } = await import('../../src/storage/sqlite.ts')
  storage = sqliteStorage({ path: order.sqlite })
} else {
  const { createClient } = await import('redis')
  const { redisStorage } = await import('../../src/storage/redis.ts')
  const client = createClient({ url: order.redis as string })
  await client.connect()
  storage = redisStorage(client as never)
  close = async () => void (await client.close())
}
const events: Record<string, number> = {}
const requester = createRequester({
  authorizationServers: [{ issuer: order.issuer, hosts: [order.host], client: { id: 'spa', auth: none() } }],
  requestingParty: 'bob',
  storage,
  onEvent: ({ type }) => {
    events[type] = (events[type] ?? 0) + 1
  },
})
const statuses: (number | string)[] = []
for (let done = 0; done < order.requests; done += order.atOnce) {
  const batch = Array.from({ length: Math.min(order.atOnce, order.requests - done) }, (_, i) => (done + i + order.offset) % order.resources)
  const answers = batch.map(async (n) => {
    const response = await requester.fetch(`${order.host}/alice/${n}.jpg`)
    await response.text()
    return response.status
  })
  statuses.push(...(await Promise.all(answers.map((answer) => answer.catch((error: Error) => `${error.name}: ${error.message}`)))))
}
// What was learned is written a little later.
await new Promise((resolve) => setTimeout(resolve, 300))
await close()
console.log(JSON.stringify({ statuses, events }))
