import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { inTurn } from '../async/in-turn.ts'
import { backoff, checkLease, LEASE_MS, type LeaseLock, leaseLock } from './lease.ts'
import { type FunctionsOf, requesterStorage } from './requester-storage.ts'
import type { RequesterStorage, StoredValues } from './storage.ts'

export type { LeaseLock } from './lease.ts'

/** Options of `sqliteStorage`. */
export interface SqliteStorageOptions {
  /**
   * The database file, in a directory that exists, on a local disk. It is created at the first use; only its owner
   * can read it (mode 0600).
   */
  path: string
  /** How long a lock outlives a holder that died, in milliseconds. @default 30_000 */
  leaseMs?: number
}

/** The storage that `sqliteStorage` returns. */
export interface SqliteStorage extends RequesterStorage {
  add(key: string, value: string, ttlMs: number): Promise<boolean>
  getMany(keys: readonly string[]): Promise<StoredValues>
  lock: LeaseLock
  /** Closes the file. Every later call rejects. */
  close(): Promise<void>
}

const VERSION = 1

// AUTOINCREMENT never gives a version twice, so a version identifies one holder among all earlier and later ones.
const SCHEMA = `
  CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires INTEGER);
  CREATE INDEX records_expires ON records (expires) WHERE expires IS NOT NULL;
  CREATE TABLE leases (version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL);
  PRAGMA user_version = ${VERSION};`

const STATEMENTS = {
  get: 'SELECT value FROM records WHERE key = $key AND (expires IS NULL OR expires > $now)',
  set: 'INSERT OR REPLACE INTO records (key, value, expires) VALUES ($key, $value, $expires)',
  getMany: `SELECT key, value FROM records WHERE key IN (SELECT value FROM json_each($keys))
    AND (expires IS NULL OR expires > $now)`,
  // One statement is one transaction: of several processes, one changes a row.
  add: `INSERT INTO records (key, value, expires) VALUES ($key, $value, $expires)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires WHERE expires <= $now`,
  delete: 'DELETE FROM records WHERE key = $key',
  keys: 'SELECT key FROM records WHERE key >= $from AND key < $to AND (expires IS NULL OR expires > $now)',
  purge: 'DELETE FROM records WHERE expires <= $now',
  // One statement is one transaction: it takes the write lock before it looks.
  take: `INSERT OR REPLACE INTO leases (key, expires) SELECT $key, $expires
    WHERE NOT EXISTS (SELECT 1 FROM leases WHERE key = $key AND expires > $now) RETURNING version`,
  renew: 'UPDATE leases SET expires = $expires WHERE version = $version',
  release: 'DELETE FROM leases WHERE version = $version',
}

type Statements = Record<keyof typeof STATEMENTS, StatementSync>

/** How long SQLite itself waits for another process's transaction, in milliseconds. The whole thread stands still. */
const BUSY_MS = 10
/** How long a busy file is asked again, in milliseconds. */
const PATIENCE_MS = 2_000
/** The time between two removals of expired values, in milliseconds. */
const PURGE_EVERY_MS = 60_000

const isBusy = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === 5

/**
 * Tries again while the file is busy. Transactions are short, so the file is soon free. The time limit is for a process
 * that stands still within a transaction.
 */
async function patiently<T>(work: () => T): Promise<T> {
  const until = performance.now() + PATIENCE_MS
  for (let attempt = 0; ; attempt++) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error
    }
    await backoff(attempt)
  }
}

/**
 * Lets only the owner read the file. It is created here because SQLite would apply the umask. SQLite gives its
 * companion files the mode of the database file.
 */
async function guard(path: string): Promise<void> {
  const { chmod, stat, writeFile } = await import('node:fs/promises')
  // Never open a database that exists: closing it again would release SQLite's own locks in this process.
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
    // If this fails, closing the database rolls the transaction back.
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

/** @throws TypeError that names the option and the fix */
function checkedOptions(options: SqliteStorageOptions): SqliteStorageOptions {
  const { path, leaseMs = LEASE_MS } = Object(options) as Partial<SqliteStorageOptions>
  if (typeof path !== 'string' || path === '') {
    throw new TypeError("sqliteStorage: path: a database file, such as sqliteStorage({ path: 'tokens.sqlite' })")
  }
  checkLease('sqliteStorage', leaseMs)
  return options
}

/**
 * Makes a storage of a SQLite file (Node's own `node:sqlite`), shared by any number of processes on one machine. The
 * file is opened at the first use. A write that was acknowledged survives the process, even if it is killed. After a
 * power cut, the last moments may be missing. An expired value is not returned; about once a minute, expired values
 * are removed.
 *
 * The lock is a lease in the file, renewed while the task runs. No transaction is open meanwhile. Node 22 cuts values
 * off at U+0000.
 *
 * Every function of the storage rejects with Node's or SQLite's error if the file cannot be opened, read or written,
 * if another process keeps it busy for more than 2 s, or if a newer version of this package has written it. The next
 * call tries again.
 *
 * @throws TypeError if there is no path
 * @example
 * ```ts
 * createRequester({ ...options, storage: sqliteStorage({ path: '/var/lib/app/uma.db' }) })
 * ```
 */
export function sqliteStorage(options: SqliteStorageOptions): SqliteStorage {
  const { path, leaseMs = LEASE_MS } = checkedOptions(options)
  const inOrder = inTurn()
  let opened: ReturnType<typeof open> | undefined
  let closed = false
  let nextPurge = 0

  /** Runs operations one after the other, so that the later one of two writes stays. */
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

  return requesterStorage<FunctionsOf<SqliteStorage>>({
    get: (key) => use(({ get }) => get.get({ key, now: Date.now() })?.value as string | undefined),
    getMany: (keys) =>
      use(({ getMany }) => {
        const rows = getMany.all({ keys: JSON.stringify(keys), now: Date.now() })
        const found = new Map(rows.map(({ key, value }) => [key, value as string]))
        return keys.map((key) => found.get(key))
      }),
    add: (key, value, ttlMs) =>
      use(({ add }) => {
        const now = Date.now()
        return add.run({ key, value, expires: Math.ceil(now + ttlMs), now }).changes === 1
      }),
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
  })
}
