import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type SqliteStorage, sqliteStorage } from '../../src/storage/sqlite.ts'
import { pause } from './contract.ts'

let directory: string
let path: string
const opened: SqliteStorage[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'uma-sqlite-'))
  path = join(directory, 'tokens.db')
})
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close()
  chmodSync(directory, 0o700)
  rmSync(directory, { recursive: true, force: true })
})

function open(at = path): SqliteStorage {
  const storage = sqliteStorage({ path: at })
  opened.push(storage)
  return storage
}

const modes = () =>
  readdirSync(directory).map((name) => [name, (statSync(join(directory, name)).mode & 0o777).toString(8)])

test('nothing is opened before the first use', async () => {
  const storage = open()
  await pause(20)
  expect(readdirSync(directory)).toEqual([])
  await storage.get('x')
  expect(readdirSync(directory)).toContain('tokens.db')
})

test('the file and its companions are for the owner only, whatever the umask', async () => {
  const before = process.umask(0)
  try {
    await open().set('x', '1')
  } finally {
    process.umask(before)
  }
  expect(modes()).toEqual([
    ['tokens.db', '600'],
    ['tokens.db-shm', '600'],
    ['tokens.db-wal', '600'],
  ])
})

test('a file that others could read is theirs no more', async () => {
  const first = open()
  await first.set('x', '1')
  for (const [name] of modes()) chmodSync(join(directory, name ?? ''), 0o644)
  const second = open()
  expect(await second.get('x')).toBe('1')
  expect(modes().map(([, mode]) => mode)).toEqual(['600', '600', '600'])
})

test('what has run out is cleared away', async () => {
  const storage = open()
  await storage.set('old', 'secret', 1)
  await storage.close()
  await pause(5)
  await open().set('new', '1')
  const db = new DatabaseSync(path)
  expect(db.prepare('SELECT key FROM records').all()).toEqual([{ key: 'new' }])
  db.close()
})

test('closed: everything rejects, and the file is left whole without companions', async () => {
  const storage = open()
  await storage.set('x', '1')
  const during = storage.set('y', '2')
  await storage.close()
  await during
  expect(readdirSync(directory)).toEqual(['tokens.db'])
  await expect(storage.get('x')).rejects.toThrow('closed')
  await expect(storage.lock('l', async () => {})).rejects.toThrow('closed')
  await storage.close()
  expect(await open().get('y')).toBe('2')
})

test('40 storages open one new file at once', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, index) => open().set(`k${index}`, 'x')))
  expect(await open().keys?.('k')).toHaveLength(40)
})

test('a file of a newer version is left alone', async () => {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA user_version = 2')
  db.close()
  await expect(open().get('x')).rejects.toThrow('version 2')
})

test('what cannot be opened rejects, and is tried again', async () => {
  await expect(open(join(directory, 'none', 'tokens.db')).get('x')).rejects.toThrow('ENOENT')
  await expect(open(directory).set('x', '1')).rejects.toThrow()
  writeFileSync(path, 'this is no database, however long one looks at it'.repeat(50))
  const storage = open()
  await expect(storage.set('x', '1')).rejects.toThrow('not a database')
  rmSync(path)
  await storage.set('x', '1')
  expect(await storage.get('x')).toBe('1')
})

test('busy for a moment is waited for, without standing still', async () => {
  const storage = open()
  await storage.set('x', '1')
  const db = new DatabaseSync(path)
  db.exec('BEGIN IMMEDIATE')
  let ticks = 0
  const timer = setInterval(() => ticks++, 10)
  const write = storage.set('x', '2')
  await pause(700)
  db.exec('COMMIT')
  db.close()
  await write
  clearInterval(timer)
  expect(await storage.get('x')).toBe('2')
  expect(ticks).toBeGreaterThan(4)
})

test('busy for too long rejects', async () => {
  const storage = open()
  await storage.set('x', '1')
  const db = new DatabaseSync(path)
  db.exec('BEGIN IMMEDIATE')
  const now = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() * 20) // 5 s pass in 250 ms
  await expect(storage.set('x', '2')).rejects.toThrow('locked')
  clock.mockRestore()
  db.exec('ROLLBACK')
  db.close()
  await storage.set('x', '3')
  expect(await storage.get('x')).toBe('3')
})

/** Runs code in a process of its own and gives what it prints, as JSON. */
async function apart(code: string, options: { uid?: number; gid?: number; limitKiB?: number } = {}) {
  const { limitKiB, ...user } = options
  const module = fileURLToPath(new URL('../../src/storage/sqlite.ts', import.meta.url))
  const script = `
    import { sqliteStorage } from ${JSON.stringify(module)}
    const path = ${JSON.stringify(path)}
    ${code}`
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
    '-e',
    script,
  ]
  const limited = ['sh', '-c', `ulimit -f ${(limitKiB ?? 0) * 2}; exec "$@"`, 'sh', ...node]
  const [file = '', ...args] = limitKiB === undefined ? node : limited
  const { stdout } = await promisify(execFile)(file, args, { ...user, cwd: tmpdir() })
  return JSON.parse(stdout)
}

const root = process.getuid?.() === 0
const nobody = root ? { uid: 65534, gid: 65534 } : {}

test('a directory that cannot be written to rejects; what is in it can be told', async () => {
  mkdirSync(join(directory, 'sub'))
  chmodSync(directory, 0o555)
  const code = `
    const storage = sqliteStorage({ path })
    const codes = []
    for (const run of [() => storage.get('x'), () => storage.set('x', '1'), () => storage.keys(''), () => storage.lock('l', async () => {})])
      await run().catch((error) => codes.push(error.code))
    console.log(JSON.stringify(codes))`
  expect(await apart(code, nobody)).toEqual(['EACCES', 'EACCES', 'EACCES', 'EACCES'])
})

test('no room: writes reject, reads go on, and nothing acknowledged is lost', async () => {
  const code = `
    const storage = sqliteStorage({ path })
    await storage.set('first', '1')
    let acknowledged = 0
    let error
    for (let n = 0; n < 200 && !error; n++)
      await storage.set('big:' + n, 'x'.repeat(10_000)).then(() => acknowledged++, (reason) => { error = reason })
    const lock = await storage.lock('l', async () => 'got').catch((reason) => reason.code)
    console.log(JSON.stringify({ acknowledged, code: error?.code, first: await storage.get('first'), lock }))`
  const { acknowledged, code: told, first } = await apart(code, { limitKiB: 400 })
  expect({ told, first }).toEqual({ told: 'ERR_SQLITE_ERROR', first: '1' })
  expect(acknowledged).toBeGreaterThan(5)
  const storage = open()
  expect(await storage.keys?.('big:')).toHaveLength(acknowledged)
  await storage.set('more', 'x'.repeat(500_000))
  expect(await storage.get('more')).toHaveLength(500_000)
})
