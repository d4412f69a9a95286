/** Bundles on a static server of their own, real pages that load them, and a record of the scripts that were asked for. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { launchChromium } from '../helpers/chromium.ts'
import { type ListeningServer, listen, send } from '../helpers/http.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { type Bundle, type Part, parts } from './bundles.ts'

let browser: Browser
let server: ListeningServer
let bundles: Bundle[] = []
/** The paths of scripts that were asked for, in order. */
const asked: string[] = []

/** Call once in each file: one browser, one static server, and each bundle built once. */
export function useBundles(build: () => Promise<Bundle>[]): void {
  beforeAll(async () => {
    ;[browser, server, bundles] = await Promise.all([launchChromium(), serveBundles(), Promise.all(build())])
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
}

/** Serves each script of each bundle, and a page that loads the entry at every other path of the bundle. */
const serveBundles = (): Promise<ListeningServer> =>
  listen((req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://localhost')
    const bundle = bundles.find(({ name }) => pathname.startsWith(`/${name}/`))
    if (!bundle) return send(res, { status: 404 })
    const text = bundle.files.get(pathname.slice(bundle.name.length + 2))
    const headers = { 'cache-control': 'no-store' }
    if (text !== undefined) {
      asked.push(pathname)
      return send(res, { status: 200, headers: { ...headers, 'content-type': 'text/javascript' }, body: text })
    }
    const body = `<!doctype html><title>App</title><script type="module" src="/${bundle.name}/${bundle.entry}"></script>`
    send(res, { status: 200, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body })
  })

/** Where everything is, as a page needs to know it. */
export interface Places {
  as: string
  host: string
  callback: string
  popup: string
  /** An access token of Alice, for a sign-in that is not this package's. */
  accessToken: string
}

/** The outcome of an action of the page. */
export interface Outcome {
  status?: number
  code?: string
  name?: string
  message?: string
  retryable?: boolean
  kind?: string
  servers?: number
  names?: string[]
  response?: { status: number; used: boolean }
  done?: boolean
}

/** The page program (page-program.mjs), as tests call it. */
interface PageProgram {
  start(setup: string, places: Places): void
  act(action: string, ...args: string[]): Promise<Outcome>
  leftOver(): Promise<{
    pending: string[]
    locks: string[]
    openFlows: number
    storageFailed: number
    unhandled: string[]
  }>
}

declare global {
  var umaLoading: PageProgram
}

export interface Stage {
  world: World
  places: Places
  context: BrowserContext
  page: Page
  photo: string
  /** Loads a page of the bundle, and makes its requester. */
  open(path?: string): Promise<void>
  /** Makes the requester of the page that is there. */
  start(): Promise<void>
  act(action: string, ...args: string[]): Promise<Outcome>
  /** The parts that were asked for since the last call. */
  loaded(): Part[]
  /** The scripts that were asked for since the last call, by file name. */
  scripts(): string[]
}

export interface StageOptions {
  bundle: Bundle
  setup: string
  /** Whether people have to be signed in, as at Keycloak. */
  signIn?: boolean
}

/** A world, and a page of a bundle in a browser profile of its own. */
export async function startStage({ bundle, setup, signIn = false }: StageOptions): Promise<Stage> {
  const world = await startWorld({
    host: { direct: true },
    ...(signIn && { as: { policy: onlyPeople('alice'), quirks: { clientAuth: 'bearer-only' } } }),
  })
  const base = `${server.origin}/${bundle.name}`
  const back = [`${base}/callback`, `${base}/popup`] as const
  await world.as.addClient({
    client_id: 'app',
    client_name: 'The album',
    token_endpoint_auth_method: 'none',
    redirect_uris: [...back],
    claims_redirect_uris: [...back],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
  })
  const accessToken = await world.as.issueAccessToken({ account: 'alice', clientId: 'app' })
  const places: Places = {
    as: world.as.issuer,
    host: world.host.origin,
    callback: back[0],
    popup: back[1],
    accessToken,
  }
  const context = await browser.newContext()
  context.setDefaultTimeout(90_000)
  const page = await context.newPage()
  onTestFinished(() => context.close())
  const start = (): Promise<void> =>
    page.evaluate(([setup, places]) => globalThis.umaLoading.start(setup, places), [setup, places] as const)
  const scripts = (): string[] => asked.splice(0).map((path) => path.slice(bundle.name.length + 2))
  asked.length = 0
  return {
    world,
    places,
    context,
    page,
    photo: `${world.host.origin}/alice/1.jpg`,
    async open(path = '') {
      await page.goto(`${base}/${path}`)
      await ready(page)
      await start()
    },
    start,
    act: (action, ...args) =>
      page.evaluate(([action, args]) => globalThis.umaLoading.act(action, ...args), [action, args] as const),
    loaded() {
      const files = scripts()
      return (Object.keys(parts) as Part[]).filter((part) => files.includes(bundle.fileOf[part] ?? ''))
    },
    scripts,
  }
}

/** When the page's script has run. */
export const ready = (page: Page): Promise<unknown> => page.waitForSelector('html[data-ready]', { state: 'attached' })

/** Alice signs in at the authorization server, and agrees. */
async function signInAsAlice(page: Page): Promise<void> {
  await page.selectOption('select[name=login]', 'alice')
  await page.fill('input[name=password]', 'secret of the person')
  await page.click('button[value=continue]')
  await page.waitForSelector('h1:has-text("Allow access")')
  await page.click('button[value=continue]')
}

/** Alice was sent away in this page: she signs in, and is back on the callback page, whose script has run. */
export async function comeBack({ page, places, start }: Stage): Promise<void> {
  await page.waitForSelector('select[name=login]')
  await signInAsAlice(page)
  await page.waitForURL(`${places.callback}?*`)
  await ready(page)
  await start()
}

/** An action that opens a popup, where Alice signs in. */
export async function signInWithPopup({ page, act }: Stage, action: string, ...args: string[]): Promise<Outcome> {
  const opened = page.waitForEvent('popup')
  const outcome = act(action, ...args)
  await signInAsAlice(await opened)
  return outcome
}
