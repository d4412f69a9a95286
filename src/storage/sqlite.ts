import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { inTurn } from './in-turn.ts'
import { backoff, LEASE_MS, type LeaseLock, leaseLock } from './lease.ts'
import type { UmaStorage } from './storage.ts'

export type { LeaseLock } from './lease.ts'

/** Options of `sqliteStorage`. */
export interface SqliteStorageOptions {
  /** The database file, in a directory that exists, on a local disk. It is made on first use, readable by its owner only (0600). */
  path: string
  /** Milliseconds that a lock outlives a holder that died. Default: 30 000. */
  leaseMs?: number
}

/** What `sqliteStorage` gives. */
export interface SqliteStorage extends UmaStorage {
  lock: LeaseLock
  /** Closes the file. Whatever is asked of the storage afterwards rejects. */
  close(): Promise<void>
}

const VERSION = 1

// AUTOINCREMENT: no version is ever given twice, so it tells one holder of a lease from all earlier and later ones.
const SCHEMA = `
  CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires INTEGER);
  CREATE INDEX records_expires ON records (expires) WHERE expires IS NOT NULL;
  CREATE TABLE leases (version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL);
  PRAGMA user_version = ${VERSION};`

const STATEMENTS = {
  get: 'SELECT value FROM records WHERE key = $key AND (expires IS NULL OR expires > $now)',
  set: 'INSERT OR REPLACE INTO records (key, value, expires) VALUES ($key, $value, $expires)',
  delete: 'DELETE FROM records WHERE key = $key',
  keys: 'SELECT key FROM records WHERE key >= $from AND key < $to AND (expires IS NULL OR expires > $now)',
  purge: 'DELETE FROM records WHERE expires <= $now',
  // One statement, so one transaction: it takes the write lock before it looks.
  take: `INSERT OR REPLACE INTO leases (key, expires) SELECT $key, $expires
    WHERE NOT EXISTS (SELECT 1 FROM leases WHERE key = $key AND expires > $now) RETURNING version`,
  renew: 'UPDATE leases SET expires = $expires WHERE version = $version',
  release: 'DELETE FROM leases WHERE version = $version',
}

type Statements = Record<keyof typeof STATEMENTS, StatementSync>

/** Milliseconds: how long SQLite waits for another's transaction, standing still, and how long it is asked again, in between. */
const BUSY_MS = 10
const PATIENCE_MS = 2_000
const PURGE_EVERY_MS = 60_000

const busy = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === 5

/** Transactions are short, so a file that is busy is soon free; a process that stands still in one must not stop this one for good. */
async function patiently<T>(work: () => T): Promise<T> {
  const until = performance.now() + PATIENCE_MS
  for (let attempt = 0; ; attempt++) {
    try {
      return work()
    } catch (error) {
      if (!busy(error) || performance.now() > until) throw error
    }
    await backoff(attempt)
  }
}

/** For the owner only. The file is made here because SQLite would go by the umask; its companions get the mode of the file. */
async function guard(path: string): Promise<void> {
  const { chmod, stat, writeFile } = await import('node:fs/promises')
  // Never open a database that exists: closing it again would let go of SQLite's own locks in this process.
  await writeFile(path, '', { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const there = await stat(file).catch(() => undefined)
    if (there && there.mode & 0o077) await chmod(file, 0o600)
  }
}

function prepare(db: DatabaseSync): void {
  db.exec(
    `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON`,
  )
  const version = () => Number(db.prepare('PRAGMA user_version').get()?.user_version)
  if (version() === 0) {
    // If this fails, closing the database takes it back.
    db.exec('BEGIN IMMEDIATE')
    if (version() === 0) db.exec(SCHEMA)
    db.exec('COMMIT')
  }
  if (version() !== VERSION)
    throw new Error(`The database has version ${version()}; this uma-requester knows ${VERSION}`)
}

async function open(path: string): Promise<{ db: DatabaseSync; statements: Statements }> {
  const { DatabaseSync } = await import('node:sqlite')
  await guard(path)
  return patiently(() => {
    const db = new DatabaseSync(path)
    try {
      prepare(db)
      const entries = Object.entries(STATEMENTS).map(([name, sql]) => [name, db.prepare(sql)])
      return { db, statements: Object.fromEntries(entries) }
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/**
 * A SQLite file as storage (Node's own `node:sqlite`), shared by any number of processes on one machine. The file is opened on first
 * use. What was acknowledged survives the process, killed or not; after a power cut the last moments may be missing. Times to live are
 * kept on reading, and about once a minute what has run out is cleared away.
 *
 * The lock is a lease in the file, renewed while the task runs; no transaction is open meanwhile. Node 22 cuts values off at U+0000.
 *
 * Every function rejects with Node's or SQLite's error when the file cannot be opened, read or written, when another process keeps it
 * busy for more than 2 s, and when a newer version of this package has written it. The next call tries again.
 */
export function sqliteStorage(options: SqliteStorageOptions): SqliteStorage {
  const { path, leaseMs = LEASE_MS } = options
  const inOrder = inTurn()
  let opened: ReturnType<typeof open> | undefined
  let closed = false
  let nextPurge = 0

  /** One after the other, so that of two writes the later one stays. */
  const use = <T>(work: (statements: Statements) => T): Promise<T> =>
    inOrder('', async () => {
      if (closed) throw new Error('The storage is closed')
      opened ??= open(path)
      const { statements } = await opened.catch((error) => {
        opened = undefined
        throw error
      })
      return patiently(() => work(statements))
    })

  const leases = {
    take: (key: string) =>
      use(({ take }) => {
        const now = Date.now()
        return take.all({ key, now, expires: now + leaseMs })[0]?.version as number | undefined
      }),
    renew: (_key: string, version: number) =>
      use(({ renew }) => renew.run({ version, expires: Date.now() + leaseMs }).changes === 1),
    release: (_key: string, version: number) => use(({ release }) => release.run({ version })),
  }

  return {
    get: (key) => use(({ get }) => get.get({ key, now: Date.now() })?.value as string | undefined),
    set: (key, value, ttlMs) =>
      use(({ set, purge }) => {
        const now = Date.now()
        set.run({ key, value, expires: ttlMs === undefined ? null : Math.ceil(now + ttlMs) })
        if (now < nextPurge) return
        nextPurge = now + PURGE_EVERY_MS
        purge.run({ now })
      }),
    delete: (key) => use((statements) => statements.delete.run({ key })),
    keys: (prefix) =>
      use(({ keys }) =>
        keys.all({ from: prefix, to: `${prefix}\u{10ffff}`, now: Date.now() }).map(({ key }) => key as string),
      ),
    lock: leaseLock(leases, leaseMs),
    close: () =>
      inOrder('', async () => {
        closed = true
        const open = await opened?.catch(() => undefined)
        opened = undefined
        open?.db.close()
      }),
  }
}
