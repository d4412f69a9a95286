/** The network is cut at each load of a page: LoadError, nothing left over, and everything works after a reload. */
import { expect, test } from 'vitest'
import type { World } from '../helpers/world.ts'
import { type Bundle, type Bundler, bundlePage, type Entry, type Part } from './bundles.ts'
import { comeBack, type Outcome, ready, type Stage, signInWithPopup, startStage, useBundles } from './kit.ts'

const built: Record<string, Bundle> = {}

useBundles(() =>
  [bundlePage('splitting', 'lazy'), bundlePage('splitting', 'main'), bundlePage('vite', 'lazy')].map(
    async (building) => {
      const bundle = await building
      built[bundle.name] = bundle
      return bundle
    },
  ),
)

interface Cut {
  part: Part
  setup: 'memory' | 'secret' | 'indexedDB' | 'webStorage' | 'registering' | 'popup' | 'page'
  action?: 'ask' | 'signIn' | 'signOut' | 'inspect' | 'parties'
  /** Whether the host had challenged when the load failed. */
  challenged?: boolean
  bundler?: Bundler
  entry?: Entry
}

const cuts: Cut[] = [
  { part: 'engine', setup: 'memory', challenged: true },
  { part: 'engine', setup: 'memory', challenged: true, bundler: 'vite' },
  { part: 'engine', setup: 'popup', action: 'signIn' },
  { part: 'engine', setup: 'webStorage', challenged: true },
  { part: 'engine', setup: 'webStorage', action: 'inspect' },
  { part: 'storage', setup: 'webStorage', challenged: true },
  { part: 'storage', setup: 'webStorage', entry: 'main' },
  { part: 'storage', setup: 'webStorage', action: 'inspect' },
  { part: 'storage', setup: 'webStorage', action: 'parties' },
  { part: 'storage', setup: 'webStorage', action: 'signOut' },
  { part: 'IndexedDB library', setup: 'indexedDB' },
  { part: 'IndexedDB library', setup: 'indexedDB', action: 'signOut' },
  { part: 'registration', setup: 'registering', challenged: true },
  { part: 'client authentication', setup: 'secret', challenged: true },
  { part: 'sign-in keeper', setup: 'popup', challenged: true },
  { part: 'sign-in interaction', setup: 'popup', challenged: true },
  { part: 'code flow', setup: 'popup', challenged: true },
  { part: 'code flow', setup: 'popup', challenged: true, bundler: 'vite' },
  { part: 'code flow', setup: 'popup', action: 'signIn' },
  { part: 'popup window', setup: 'popup', challenged: true },
  { part: 'kept flow', setup: 'page', challenged: true },
]

const named = (cut: Cut): [string, Cut] => {
  const { part, setup, action = 'ask', bundler = 'splitting', entry = 'lazy' } = cut
  return [`${part}, ${action} with ${setup} (${bundler}, ${entry})`, cut]
}

const failed = { name: 'LoadError', code: 'load_failed', retryable: false }
const nothing = { pending: [], locks: [], openFlows: 0, storageFailed: 0, unhandled: [] }

/** Makes the load of a part fail as it does without a network. Returns the function that repairs the network. */
async function cutAt({ context }: Stage, { name, fileOf }: Bundle, part: Part): Promise<() => Promise<void>> {
  const pattern = `**/${name}/${fileOf[part] ?? expect.fail(`${part} is no file of its own`)}`
  await context.route(pattern, (route) => route.abort('internetdisconnected'))
  return () => context.unroute(pattern)
}

const tokenRequests = ({ world }: { world: World }): string[] =>
  world.lines().filter((line) => line.startsWith('POST as /token'))

/** Does the action; Alice signs in, if the setup asks for it. */
async function complete(stage: Stage, { setup, action = 'ask' }: Cut): Promise<Outcome> {
  const args = argumentsOf(stage, action)
  const needsPerson = action === 'ask' || action === 'signIn'
  if (setup === 'popup' && needsPerson) return signInWithPopup(stage, action, ...args)
  if (setup !== 'page') return stage.act(action, ...args)
  stage.act(action, ...args).catch(() => {})
  await comeBack(stage)
  return stage.act('finish')
}

const argumentsOf = ({ photo, places }: Stage, action: string): string[] =>
  ({ ask: [photo], signIn: [places.as] })[action] ?? []

async function reload(stage: Stage): Promise<void> {
  await stage.page.reload()
  await ready(stage.page)
  await stage.start()
}

const succeeded: Record<string, object> = {
  ask: { status: 200 },
  signIn: { done: true },
  signOut: { done: true },
  inspect: { servers: 0 },
  parties: { names: [] },
}

test.each(cuts.map(named))('%s', async (_name, cut) => {
  const { part, setup, action = 'ask', challenged = false, bundler = 'splitting', entry = 'lazy' } = cut
  const bundle = built[`${bundler}-${entry}`] ?? expect.fail('not built')
  const stage = await startStage({ bundle, setup, signIn: setup === 'popup' || setup === 'page' })
  await stage.open()
  const repair = await cutAt(stage, bundle, part)

  // The second attempt shows that the first one holds no lock in memory.
  for (const attempt of [1, 2]) {
    const outcome = await stage.act(action, ...argumentsOf(stage, action))
    expect(outcome, `attempt ${attempt}`).toMatchObject({
      ...failed,
      message: expect.stringContaining('reload the page'),
    })
    // After the first attempt, the engine may be there, and the next part is loaded before anything is sent.
    if (attempt === 1) expect(outcome.response).toEqual(challenged ? { status: 401, used: false } : undefined)
  }
  expect(stage.page.url()).not.toContain(stage.places.as)
  expect(stage.context.pages()).toHaveLength(1)
  expect(tokenRequests(stage)).toEqual([])

  await repair()
  expect(await stage.page.evaluate(() => globalThis.umaLoading.leftOver())).toEqual(nothing)
  await reload(stage)
  expect(await complete(stage, cut)).toMatchObject(succeeded[action] ?? {})
})

test.each<Part>(['engine', 'storage', 'sign-in interaction', 'code flow'])(
  '%s at handleCallback: a reload finishes the return',
  async (part) => {
    const bundle = built['splitting-lazy'] ?? expect.fail('not built')
    const stage = await startStage({ bundle, setup: 'page', signIn: true })
    await stage.open()
    stage.act('ask', stage.photo).catch(() => {})
    await comeBack(stage)
    const repair = await cutAt(stage, bundle, part)
    expect(await stage.act('finish')).toMatchObject({ ...failed, message: expect.stringContaining('reload the page') })
    expect(tokenRequests(stage)).toEqual([])
    await repair()
    await reload(stage)
    expect(await stage.act('finish')).toEqual({ kind: 'code', status: 200 })
    expect(await stage.page.evaluate(() => globalThis.umaLoading.leftOver())).toEqual(nothing)
  },
)

test('the code flow at a refresh of the sign-in: the refresh token is not used, and a reload signs nobody in again', async () => {
  const bundle = built['splitting-lazy'] ?? expect.fail('not built')
  const stage = await startStage({ bundle, setup: 'page', signIn: true })
  await stage.open()
  stage.act('ask', stage.photo).catch(() => {})
  await comeBack(stage)
  expect(await stage.act('finish')).toEqual({ kind: 'code', status: 200 })
  const ended = await stage.page.evaluate(() => {
    const key = Object.keys(sessionStorage).find((name) => sessionStorage.getItem(name)?.includes('refreshToken')) ?? ''
    const record = sessionStorage.getItem(key) ?? ''
    sessionStorage.setItem(key, record.replace(/"expiresAt":\d+/, '"expiresAt":1'))
    return sessionStorage.getItem(key) !== record
  })
  expect(ended).toBe(true)
  await reload(stage)
  const repair = await cutAt(stage, bundle, 'code flow')
  const before = tokenRequests(stage)
  const another = `${stage.places.host}/alice/2.jpg`
  const outcome = await stage.act('ask', another)
  expect(outcome).toMatchObject({ ...failed, response: { status: 401, used: false } })
  expect(tokenRequests(stage)).toEqual(before)
  await repair()
  expect(await stage.page.evaluate(() => globalThis.umaLoading.leftOver())).toEqual(nothing)
  await reload(stage)
  expect(await stage.act('ask', another)).toEqual({ status: 200 })
  expect(tokenRequests(stage).length).toBe(before.length + 2)
})
