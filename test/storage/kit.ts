/** Storages to test, each empty and of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RedisStorage } from '../../src/storage/redis.ts'
import type { SqliteStorage } from '../../src/storage/sqlite.ts'
import { redisUrl } from '../helpers/redis.ts'

export interface Opened<S> {
  storage: S
  close(): Promise<unknown>
}

/** `target`: what a process is told, to open the same storage. */
export interface Store<S> {
  target: string
  open(leaseMs?: number): Promise<Opened<S>>
  remove(): Promise<unknown>
}

export type Leased = SqliteStorage | RedisStorage

/** A client of its own. Processes that need none are not to load the package: they start many times. */
async function connected() {
  const { createClient } = await import('redis')
  const client = createClient({ url: redisUrl ?? '' })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** `sqlite:<path>` or `redis:<prefix>`. */
export async function openTarget(target: string, leaseMs = 30_000): Promise<Opened<Leased>> {
  const rest = target.slice(target.indexOf(':') + 1)
  if (target.startsWith('sqlite:')) {
    const { sqliteStorage } = await import('../../src/storage/sqlite.ts')
    const storage = sqliteStorage({ path: rest, leaseMs })
    return { storage, close: () => storage.close() }
  }
  const { redisStorage } = await import('../../src/storage/redis.ts')
  const client = await connected()
  return { storage: redisStorage(client, { prefix: rest, leaseMs }), close: () => client.close() }
}

export function sqliteStore(): Store<Leased> & { path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'uma-sqlite-'))
  const path = join(directory, 'tokens.db')
  const target = `sqlite:${path}`
  const remove = async () => rmSync(directory, { recursive: true, force: true })
  return { path, target, open: (leaseMs) => openTarget(target, leaseMs), remove }
}

export function redisStore(): Store<Leased> {
  const prefix = `test:${crypto.randomUUID()}:`
  const target = `redis:${prefix}`
  const remove = async () => {
    const client = await connected()
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 }))
      if (keys.length > 0) await client.del(keys)
    await client.close()
  }
  return { target, open: (leaseMs) => openTarget(target, leaseMs), remove }
}

/** Those that several processes can share; `there` is false where the tests' Redis is not. */
export const shared: { name: string; there: boolean; make: () => Store<Leased> }[] = [
  { name: 'sqlite', there: true, make: sqliteStore },
  { name: 'redis', there: redisUrl !== undefined, make: redisStore },
]

/** When the lease that is held there ends, in ms since 1970; not later than it really does. */
export async function leaseEnds({ target }: Store<Leased>, key: string): Promise<number | undefined> {
  const rest = target.slice(target.indexOf(':') + 1)
  if (target.startsWith('sqlite:')) {
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(rest, { timeout: 60_000 })
    const row = db.prepare('SELECT expires FROM leases WHERE key = ?').get(key) as { expires: number } | undefined
    db.close()
    return row?.expires
  }
  const client = await connected()
  const now = Date.now()
  const left = await client.pTTL(`${rest}lock:${key}`)
  await client.close()
  return left > 0 ? now + left : undefined
}

export interface Program {
  child: ChildProcess
  lines: string[]
  /** Once it has said that many lines. */
  said(count: number): Promise<void>
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string | null>
}

/** A process with `program.ts`. */
export function start(...args: (string | number)[]): Program {
  const program = fileURLToPath(new URL('program.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  const told = () => {
    for (const { count, resolve } of waiting) if (lines.length >= count) resolve()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    told()
  })
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  const said = (count: number) => {
    const enough = new Promise<void>((resolve) => {
      waiting.push({ count, resolve })
      told()
    })
    const early = ended.then((how) => {
      if (lines.length < count) throw new Error(`program ended with ${how} after ${lines.length} lines`)
    })
    return Promise.race([enough, early])
  }
  return { child, lines, said, ended }
}
