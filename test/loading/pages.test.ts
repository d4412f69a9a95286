/** Every option in real pages: each part is loaded when it is first needed, or is there from the start. */
import { describe, expect, test } from 'vitest'
import { until } from '../helpers/wait.ts'
import { type Bundle, type Bundler, bundlePage, bundlers, type Entry, entries, type Part, parts } from './bundles.ts'
import { comeBack, type Stage, signInWithPopup, startStage, useBundles } from './kit.ts'

const built: Record<string, Bundle> = {}

useBundles(() =>
  bundlers.flatMap((bundler) =>
    entries.map(async (entry) => {
      const bundle = await bundlePage(bundler, entry)
      built[bundle.name] = bundle
      return bundle
    }),
  ),
)

/** In the page: whether a token is in the database. A flow does not wait for its write. */
const holdsRpt = (): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('uma-requester')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const database = opening.result
      const keys = database.transaction('records').objectStore('records').getAllKeys()
      keys.onsuccess = () => {
        database.close()
        resolve(keys.result.some((key) => String(key).startsWith('uma:rpt:')))
      }
    }
  })

const cases = bundlers.flatMap((bundler) => entries.map((entry): [Bundler, Entry] => [bundler, entry]))

describe.each(cases)('%s, %s entry', (bundler, entry) => {
  const bundle = (): Bundle => built[`${bundler}-${entry}`] ?? expect.fail('not built')
  /** The parts of a list that are files of their own in this bundle. */
  const later = (...names: Part[]): Part[] => names.filter((name) => bundle().fileOf[name] !== undefined)
  const stageOf = (setup: string, signIn = false): Promise<Stage> => startStage({ bundle: bundle(), setup, signIn })

  test('which parts are files of their own', () => {
    const names = Object.keys(parts).filter((part) => entry === 'lazy' || part !== 'engine')
    expect(Object.keys(bundle().fileOf)).toEqual(bundler === 'one-file' ? [] : names)
    if (bundler === 'one-file') expect([...bundle().files.keys()]).toEqual([bundle().entry])
  })

  test('memory, with fetch, ky and axios: only the engine, at the first challenge', async () => {
    const stage = await stageOf('memory')
    await stage.open()
    expect(new Set(stage.scripts())).toEqual(bundle().first)
    expect(await stage.act('ask', `${stage.places.host}/public/1.jpg`)).toEqual({ status: 200 })
    expect(stage.scripts()).toEqual([])
    for (const way of ['fetch', 'ky', 'axios']) {
      expect(await stage.act('ask', `${stage.places.host}/alice/${way}.jpg`, way)).toEqual({ status: 200 })
      expect(stage.loaded()).toEqual(way === 'fetch' ? later('engine') : [])
    }
  })

  test('a secret and a key-value storage', async () => {
    const stage = await stageOf('secret')
    await stage.open()
    stage.scripts()
    expect(await stage.act('ask', stage.photo)).toEqual({ status: 200 })
    expect(stage.loaded()).toEqual(later('engine', 'storage', 'client authentication'))
  })

  test('IndexedDB: the engine is loaded at the first challenge, or at once if a token is stored', async () => {
    const stage = await stageOf('indexedDB')
    await stage.open()
    stage.scripts()
    expect(await stage.act('ask', `${stage.places.host}/public/1.jpg`)).toEqual({ status: 200 })
    expect(stage.loaded()).toEqual(
      entry === 'lazy' ? later('IndexedDB library') : later('storage', 'IndexedDB library'),
    )
    expect(await stage.act('ask', stage.photo)).toEqual({ status: 200 })
    expect(stage.loaded()).toEqual(entry === 'lazy' ? later('engine', 'storage') : [])
    await until(() => stage.page.evaluate(holdsRpt))
    await stage.open()
    stage.scripts()
    stage.world.recorder.clear()
    expect(await stage.act('ask', stage.photo)).toEqual({ status: 200 })
    expect(stage.loaded()).toEqual(later('engine', 'storage', 'IndexedDB library'))
    expect(stage.world.lines()).toEqual(['GET host /alice/1.jpg 200'])
  })

  test('a client that registers, a sign-in in a popup, IndexedDB; then inspect, parties and signOut', async () => {
    const stage = await stageOf('popup', true)
    await stage.open()
    expect(new Set(stage.scripts())).toEqual(bundle().first)
    expect(await signInWithPopup(stage, 'ask', stage.photo)).toEqual({ status: 200 })
    expect(stage.loaded()).toEqual(
      later(
        'engine',
        'storage',
        'IndexedDB library',
        'registration',
        'sign-in keeper',
        'sign-in interaction',
        'code flow',
        'popup window',
      ),
    )
    await stage.open()
    stage.scripts()
    expect(await stage.act('inspect')).toEqual({ servers: 1 })
    expect(stage.loaded()).toEqual(expect.arrayContaining(later('engine', 'storage', 'IndexedDB library')))
    expect(await stage.act('parties')).toEqual({ names: ['alice'] })
    expect(await stage.act('signOut')).toEqual({ done: true })
    expect(await stage.act('parties')).toEqual({ names: [] })
  })

  test('a sign-in that leaves the page, handleCallback and replay', async () => {
    const stage = await stageOf('page', true)
    await stage.open()
    stage.scripts()
    // The page goes away: nobody waits for this.
    stage.act('ask', stage.photo).catch(() => {})
    await stage.page.waitForSelector('select[name=login]')
    const away = later('engine', 'storage', 'sign-in keeper', 'sign-in interaction', 'code flow', 'kept flow')
    expect(stage.loaded()).toEqual(away)
    await comeBack(stage)
    expect(new Set(stage.scripts())).toEqual(bundle().first)
    expect(await stage.act('finish')).toEqual({ kind: 'code', status: 200 })
    expect(stage.loaded()).toEqual(later('engine', 'storage', 'sign-in keeper', 'sign-in interaction', 'code flow'))
  })

  test('a sign-in of the application’s own', async () => {
    const stage = await stageOf('own', true)
    await stage.open()
    stage.scripts()
    expect(await stage.act('ask', stage.photo)).toEqual({ status: 200 })
    expect(stage.loaded()).toEqual(later('engine', 'sign-in keeper', 'sign-in interaction'))
  })
})
