/** What the pages of browser.test.ts run: `umaPage` to them. */
import { indexedDBStorage } from '../../src/storage/indexed-db.ts'
import type { RequesterStorage, UmaStorage } from '../../src/storage/storage.ts'
import { webStorage } from '../../src/storage/web-storage.ts'
import { contract, pause } from './contract.ts'

const open: Record<string, (name: string) => RequesterStorage> = {
  indexedDB: (name) => indexedDBStorage({ name }),
  localStorage: (name) => webStorage(localStorage, `${name}:`),
  sessionStorage: (name) => webStorage(sessionStorage, `${name}:`),
}

let runs = 0

export const page = {
  open: (kind: string, name: string): UmaStorage => {
    const make = open[kind]
    if (!make) throw new Error(kind)
    return make(name)
  },

  /** Undefined, or what was wrong. */
  async check(kind: string, name: string): Promise<string | undefined> {
    const database = `check:${++runs}`
    const check = contract.find((one) => one.name === name)
    if (!check) return 'no such check'
    return check
      .run(() => page.open(kind, database))
      .then(
        () => undefined,
        (error) => String(error),
      )
  },

  async increment(kind: string, name: string, rounds: number): Promise<void> {
    const storage = page.open(kind, name)
    for (let round = 0; round < rounds; round++)
      await storage.lock?.('n', async () => {
        const number = Number((await storage.get('n')) ?? 0) + 1
        await pause(Math.random() * 2)
        await storage.set('n', String(number))
      })
  },

  /** `held` once the lock is there; it is kept for as long as the tab lives. */
  hold: (kind: string, name: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const task = async () => {
        resolve('held')
        await new Promise(() => {})
      }
      page.open(kind, name).lock?.('l', task).catch(reject)
    }),

  /** Takes the lock and gives it back. */
  async take(kind: string, name: string): Promise<void> {
    await page.open(kind, name).lock?.('l', async () => {})
  },

  /** What comes out of each function, or the name of its error. */
  async outcomes(storage: UmaStorage, value = 'x'): Promise<Record<string, unknown>> {
    const calls: [string, () => unknown][] = [
      ['set', () => storage.set('a', value)],
      ['get', () => storage.get('a')],
      ['keys', async () => await storage.keys?.('a')],
      ['delete', () => storage.delete('a')],
    ]
    const found: Record<string, unknown> = {}
    for (const [name, call] of calls)
      found[name] = await (async () => call())().catch((error) => `${error.constructor.name} ${error.name}`)
    return found
  },
}

declare global {
  var umaPage: typeof page
}
