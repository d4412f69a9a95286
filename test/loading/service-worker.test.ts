/** A service worker of one file, with every option that a worker can have: nothing is loaded later. */
import { expect, test } from 'vitest'
import { type Bundle, bundlePage, bundleWorker } from './bundles.ts'
import { comeBack, type Stage, signInWithPopup, startStage, useBundles } from './kit.ts'

let page: Bundle
let worker: Bundle

/** A worker controls the pages below its own path, so it is a file of the page's bundle. */
async function bundleBoth(): Promise<Bundle> {
  ;[page, worker] = await Promise.all([bundlePage('one-file', 'main'), bundleWorker()])
  const script = worker.files.get(worker.entry) ?? ''
  page = { ...page, files: new Map([...page.files, [worker.entry, script]]) }
  return page
}

useBundles(() => [bundleBoth()])

interface Answer {
  status: number
  body: unknown
}

/** Sends a request of the page through the worker. */
const ask = ({ page }: Stage, setup: string, url: string): Promise<Answer> =>
  page.evaluate(
    async ([setup, url]) => {
      const response = await fetch(url, { headers: { 'x-requested-with': setup } })
      return { status: response.status, body: await response.json() }
    },
    [setup, url] as const,
  )

/** Calls an action of the worker. */
const call = ({ page }: Stage, action: string, ...args: unknown[]): Promise<unknown> =>
  page.evaluate(
    async ([action, args]) => {
      const { active } = await navigator.serviceWorker.ready
      const { port1, port2 } = new MessageChannel()
      const answered = new Promise((resolve) => {
        port1.onmessage = ({ data }) => resolve(data)
      })
      active?.postMessage({ action, args }, [port2])
      return answered
    },
    [action, args] as const,
  )

/** A page that the worker controls, and the requesters of the worker. */
async function startControlled(setup: string, signIn: boolean): Promise<Stage> {
  const stage = await startStage({ bundle: page, setup, signIn })
  await stage.open()
  await stage.page.evaluate(async (file) => {
    const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve))
    await navigator.serviceWorker.register(file)
    await controlled
  }, worker.entry)
  expect(await call(stage, 'start', stage.places)).toEqual({ value: expect.arrayContaining(['popup', 'own']) })
  // Everything that the page and the worker need is there now.
  expect(new Set(stage.scripts())).toEqual(new Set([page.entry, worker.entry]))
  return stage
}

const tokenRequests = ({ world }: Stage): number =>
  world.lines().filter((line) => line.startsWith('POST as /token')).length

/** The scripts that were asked for since the last call. A browser may look for a new version of the worker at any time. */
const furtherScripts = (stage: Stage): string[] => stage.scripts().filter((file) => file !== worker.entry)

test('the worker is one file', () => {
  expect(worker.files.size).toBe(1)
  expect(worker.files.get(worker.entry)).not.toMatch(/\bimport\(/)
})

test.each(['memory', 'secret', 'indexedDB', 'registering'])('%s: 200, and nothing is loaded', async (setup) => {
  const stage = await startControlled(setup, false)
  expect((await ask(stage, setup, stage.photo)).status).toBe(200)
  expect(tokenRequests(stage)).toBe(1)
  expect((await ask(stage, setup, stage.photo)).status).toBe(200)
  expect(tokenRequests(stage)).toBe(1)
  expect(await call(stage, 'inspect', setup)).toEqual({ value: 1 })
  expect(furtherScripts(stage)).toEqual([])
})

test('a sign-in of the application’s own', async () => {
  const stage = await startControlled('own', true)
  expect((await ask(stage, 'own', stage.photo)).status).toBe(200)
  expect(furtherScripts(stage)).toEqual([])
})

test('a worker opens no popup; it uses the sign-in, the client and the tokens of the page, and the other way round', async () => {
  const stage = await startControlled('popup', true)
  const refused = await ask(stage, 'popup', stage.photo)
  expect(refused).toMatchObject({ status: 599, body: { code: 'interaction_required' } })

  // The page signs in and gets a token: the worker needs no other one.
  expect(await signInWithPopup(stage, 'ask', stage.photo)).toEqual({ status: 200 })
  const before = tokenRequests(stage)
  expect((await ask(stage, 'popup', stage.photo)).status).toBe(200)
  expect(tokenRequests(stage)).toBe(before)

  // The worker gets a token with the sign-in of the page: the page needs no other one.
  const another = `${stage.places.host}/alice/2.jpg`
  expect((await ask(stage, 'popup', another)).status).toBe(200)
  expect(tokenRequests(stage)).toBe(before + 1)
  expect(await stage.act('ask', another)).toEqual({ status: 200 })
  expect(tokenRequests(stage)).toBe(before + 1)
  expect(stage.world.lines().filter((line) => line.startsWith('POST as /register'))).toHaveLength(1)
  expect(furtherScripts(stage).filter((file) => file !== page.entry)).toEqual([])
})

test('a sign-in that leaves the page: the flow waits in IndexedDB, and the worker finishes it', async () => {
  const stage = await startControlled('navigate', true)
  // The page goes away: nobody waits for this.
  ask(stage, 'navigate', stage.photo).catch(() => {})
  await comeBack(stage)
  await call(stage, 'start', stage.places)
  expect(await call(stage, 'finish', 'navigate', stage.page.url())).toEqual({ value: { kind: 'code', status: 200 } })
  expect((await ask(stage, 'navigate', stage.photo)).status).toBe(200)
  expect(furtherScripts(stage).filter((file) => file !== page.entry)).toEqual([])
})

test('a return that belongs to nobody is refused, and nothing is loaded', async () => {
  const stage = await startControlled('popup', true)
  const outcome = await call(stage, 'finish', 'popup', `${stage.places.callback}?code=c&state=s`)
  expect(outcome).toMatchObject({ error: { code: 'invalid_state' } })
  expect(furtherScripts(stage)).toEqual([])
})
