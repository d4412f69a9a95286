/** What a storage costs when it holds a thousand entries: reading them at the start, writing them after a flow, memory. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createRequester, none } from '../src/index.ts'
import { redisStorage } from '../src/storage/redis.ts'
import { sqliteStorage } from '../src/storage/sqlite.ts'
import type { UmaStorage } from '../src/storage/storage.ts'
import { webStorage } from '../src/storage/web-storage.ts'
import { MapStorage } from '../test/storage/map-storage.ts'
import { answerTo } from './answers.ts'
import { median, rounded } from './measure.ts'

const ORIGIN = 'https://photos.example.com'
const ENTRIES = 1_000
const place = (i: number | string): string => `${ORIGIN}/alice/album-${String(i).length}/${i}.jpg`

export interface StorageRow {
  storage: string
  /** ms: the first request of a process, with all entries read; a flow, with all entries written; the same flow without storage */
  hydration: number
  flow: number
  flowInMemory: number
}

export interface StorageBench {
  rows: StorageRow[]
  /** bytes a stored entry, and of the heap; undefined where memory cannot be measured */
  stored: number
  heap: number | undefined
}

/** A server that never upgrades: an RPT for each place, good at that place only. */
const answer = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const { pathname } = new URL(String(input))
  const authorization = new Headers(init?.headers).get('authorization')
  const asked = new URLSearchParams(String(init?.body ?? '')).get('ticket') ?? ''
  const good = authorization === `Bearer ${token(pathname)}`
  const { body, ...rest } = answerTo(ORIGIN, pathname, good ? authorization : undefined)
  if (rest.status === 401)
    rest.headers['www-authenticate'] = `UMA as_uri="${ORIGIN}", ticket="${encodeURIComponent(pathname)}"`
  const sent =
    pathname === '/token'
      ? JSON.stringify({ ...JSON.parse(body), access_token: token(decodeURIComponent(asked)) })
      : body
  return new Response(sent, rest)
}
const token = (path: string): string =>
  `eyJhbGciOiJFUzI1NiJ9.${Buffer.from(path.padEnd(120)).toString('base64url')}.c2lnbmF0dXJl`

function fetchOn(storage: UmaStorage | undefined): (url: string) => Promise<unknown> {
  const requester = createRequester({
    authorizationServers: [{ issuer: ORIGIN, hosts: [ORIGIN], client: { id: 'bench', auth: none() } }],
    requestingParty: 'bob',
    maxEntries: 2 * ENTRIES,
    fetch: answer as typeof fetch,
    ...(storage && { storage }),
  })
  return requester.wrapFetch(answer as typeof fetch)
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await task()
  return performance.now() - from
}

/** Time for a save that nobody waits for. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 250))

/** What a party with so many entries has in storage. */
async function filled(): Promise<Map<string, string>> {
  const storage = new Map<string, string>()
  const fetch = fetchOn(storage)
  for (let i = 0; i < ENTRIES; i++) await fetch(place(i))
  await settled()
  return storage
}

interface Backend {
  name: string
  storage: UmaStorage
  close?: () => Promise<unknown>
}

async function* backends(): AsyncGenerator<Backend> {
  yield { name: 'Map', storage: new Map<string, string>() }
  yield { name: 'web storage (stand-in)', storage: webStorage(new MapStorage()) }
  const folder = mkdtempSync(join(tmpdir(), 'uma-bench-'))
  const sqlite = sqliteStorage({ path: join(folder, 'uma.db') })
  yield { name: 'SQLite', storage: sqlite }
  await sqlite.close()
  const redis = await startRedis(folder)
  if (redis) {
    yield { name: 'Redis', storage: redis.storage }
    await redis.stop()
  }
  rmSync(folder, { recursive: true, force: true })
}

/** On a socket in that folder; undefined where there is no `redis-server`. */
async function startRedis(folder: string): Promise<{ storage: UmaStorage; stop(): Promise<void> } | undefined> {
  const { createClient } = await import('redis')
  const path = join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  })
  const gone = new Promise<'gone'>((resolve) =>
    server.once('error', () => resolve('gone')).once('exit', () => resolve('gone')),
  )
  const client = createClient({ socket: { path, reconnectStrategy: 50 } })
  client.on('error', () => {})
  const there = await Promise.race([client.connect(), gone])
  if (there === 'gone') {
    client.destroy()
    return undefined
  }
  return {
    storage: redisStorage(client as never),
    async stop() {
      client.destroy()
      server.kill()
      await gone
    },
  }
}

/** Bytes of the heap for an entry: of wallets that were read, beside requesters that hold nothing. */
async function heapPerEntry(storage: Map<string, string>): Promise<number | undefined> {
  setFlagsFromString('--expose-gc')
  const gc: (() => void) | undefined = runInNewContext('typeof gc === "function" ? gc : undefined')
  if (!gc) return undefined
  const used = (): number => {
    for (let i = 0; i < 3; i++) gc()
    return process.memoryUsage().heapUsed
  }
  const wallets = 20
  const grow = async (from: Map<string, string>): Promise<number> => {
    const kept: unknown[] = []
    const before = used()
    for (let i = 0; i < wallets; i++) {
      const fetch = fetchOn(from)
      await fetch(place(0))
      kept.push(fetch)
    }
    await settled()
    return kept.length && used() - before
  }
  const one = new Map<string, string>()
  await fetchOn(one)(place(0))
  await settled()
  await grow(one)
  return ((await grow(storage)) - (await grow(one))) / wallets / (ENTRIES - 1)
}

export async function benchStorage(rounds = 15): Promise<StorageBench> {
  const full = await filled()
  const rows: StorageRow[] = []
  let next = 0
  for await (const { name, storage } of backends()) {
    for (const [key, text] of full) await storage.set(key, text)
    const times: { hydration: number; flow: number; flowInMemory: number }[] = []
    const inMemory = fetchOn(undefined)
    for (let i = 0; i < ENTRIES; i++) await inMemory(place(i))
    for (let round = -3; round < rounds; round++) {
      const fetch = fetchOn(storage)
      const hydration = await timed(() => fetch(place(ENTRIES / 2)))
      const flow = await timed(() => fetch(place(`x${next}`)))
      const flowInMemory = await timed(() => inMemory(place(`x${next++}`)))
      await settled()
      if (round >= 0) times.push({ hydration, flow, flowInMemory })
    }
    const of = (what: keyof (typeof times)[0]): number => rounded(median(times.map((time) => time[what])), 2)
    rows.push({ storage: name, hydration: of('hydration'), flow: of('flow'), flowInMemory: of('flowInMemory') })
  }
  const bytes = [...full.values()].reduce((sum, text) => sum + text.length, 0)
  const heap = await heapPerEntry(full)
  return { rows, stored: Math.round(bytes / ENTRIES), heap: heap && Math.round(heap) }
}
