/** A real page, a real host and a real authorization server, on three origins of the loopback, and a browser to look at them with. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { bundleForBrowser, launchChromium } from '../helpers/chromium.ts'
import { send } from '../helpers/http.ts'
import { type PlainServer, startPlainServer } from '../helpers/plain-server.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'
import type { Places } from './page-entry.ts'

let browser: Browser
let script: string

/** Call once in each file: one browser for all of its tests. */
export function useBrowser(): void {
  beforeAll(async () => {
    ;[browser, script] = await Promise.all([
      launchChromium(),
      bundleForBrowser(`import { lib } from './browser/page-entry.ts'; window.lib = lib`),
    ])
  })
  afterAll(() => browser?.close())
}

export interface Bench {
  world: World
  app: PlainServer
  places: Places
  context: BrowserContext
  page: Page
  /** What pages and their consoles said, in every window. */
  said: string[]
  /** Another window of the same browser profile, at a path of the app. */
  open(path?: string): Promise<Page>
  /** What the page's scripts have sent to host and authorization server since the last call of `clear`. */
  lines(): string[]
  clear(): void
}

export interface BenchOptions extends WorldOptions {
  /** More than the page itself, at the app's own origin; true: it is answered. */
  serve?: (
    path: string,
    places: Places,
  ) => { status: number; headers?: Record<string, string>; body?: unknown } | undefined
}

const html =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>An app</title><body><button id="go">Go</button>' +
  '<script type="module" src="/app.js"></script></body></html>'

/** Starts it all, with a page open, and takes it down when the test is over. */
export async function startBench({ serve, ...options }: BenchOptions = {}): Promise<Bench> {
  const world = await startWorld(options)
  const places: Places = { app: '', as: world.as.issuer, host: world.host.origin }
  const app = await startPlainServer(
    async (req, res) => {
      const path = req.url ?? '/'
      const special = serve?.(path, places)
      if (special) return send(res, special)
      if (path === '/app.js')
        return send(res, { status: 200, headers: { 'content-type': 'text/javascript' }, body: script })
      if (path === '/favicon.ico') return send(res, { status: 204 })
      if (/^\/(alice|public)\//.test(path)) {
        // A host on the app's own origin, by way of a proxy.
        const chunks: Buffer[] = []
        for await (const chunk of req) chunks.push(chunk as Buffer)
        const { host: _host, connection: _connection, ...headers } = req.headers as Record<string, string>
        const body = chunks.length ? Buffer.concat(chunks) : null
        const answer = await fetch(world.host.origin + path, {
          method: req.method ?? 'GET',
          headers,
          body,
          redirect: 'manual',
        })
        const kept = ['www-authenticate', 'content-type'].filter((name) => answer.headers.has(name))
        return send(res, {
          status: answer.status,
          headers: Object.fromEntries(kept.map((name) => [name, answer.headers.get(name) as string])),
          body: await answer.text(),
        })
      }
      return send(res, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html })
    },
    { recorder: world.recorder, label: 'app' },
  )
  places.app = app.origin
  const back = ['/callback', '/popup-callback'].map((path) => app.origin + path)
  await world.as.addClient({
    client_id: 'app',
    client_name: 'The album',
    token_endpoint_auth_method: 'none',
    redirect_uris: back,
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
    claims_redirect_uris: back,
  })
  const context = await browser.newContext()
  context.setDefaultTimeout(90_000)
  const said: string[] = []
  context.on('page', (page) => {
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', (error) => said.push(`pageerror ${error.stack}`))
  })
  onTestFinished(async () => {
    await context.close()
    await app.close()
  })
  const open = async (path = '/'): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(app.origin + path)
    await ready(page)
    return page
  }
  const page = await open()
  world.recorder.clear()
  return {
    world,
    app,
    places,
    context,
    page,
    said,
    open,
    lines: () => world.lines().filter((line) => !/^\w+ (app|portal) /.test(line)),
    clear: () => world.recorder.clear(),
  }
}

/** When the page's script has run. */
export const ready = (page: Page): Promise<unknown> => page.waitForSelector('html[data-ready]', { state: 'attached' })

/** Alice shows her photos to people who say who they are, and then to Bob only. */
export const bobOnly = { as: { policy: onlyPeople('bob') } }

/** What a person does at the authorization server. */
export async function agreeAs(page: Page, who: string): Promise<void> {
  await page.selectOption('select[name=login]', who)
  await page.fill('input[name=password]', 'secret of the person')
  await page.click('button[value=share]')
}

/** What the storage is there for: the RPTs that hosts were shown, and no other secret. */
export function keptSecrets(world: World, stored: unknown): string[] {
  const text = JSON.stringify(stored)
  const rpts = world.recorder.requests.map(({ headers }) => /^Bearer (\S+)/.exec(headers.authorization ?? '')?.[1])
  return secretsOf(world).filter((secret) => text.includes(secret) && !rpts.includes(secret))
}

/** Every ticket, token and state that anybody saw on the wire, to look for where they must not be. */
export function secretsOf({ recorder }: World): string[] {
  const found = new Set<string>()
  const look = (text: string): void => {
    for (const [, value] of text.matchAll(
      /\b(?:ticket|state|rpt|pct|access_token|refresh_token)(?:=|":\s*)"?([\w.~%-]{12,})/g,
    ))
      found.add(decodeURIComponent(value as string))
  }
  for (const { path, headers, body, answerHeaders } of recorder.requests) {
    look(path)
    look(body.toString())
    look(Object.values(answerHeaders ?? {}).join('\n'))
    const bearer = /^Bearer (\S+)/.exec(headers.authorization ?? '')?.[1]
    if (bearer) found.add(bearer)
  }
  return [...found]
}
