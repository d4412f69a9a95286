/** A page, a host made with `createHost`, and an authorization server, on three origins, in Chromium (F-R-e, F-R-f). */
import { expect, onTestFinished, test } from 'vitest'
import { createHost, type HostOptions } from '../../src/host/index.ts'
import { guardNode } from '../../src/host/node.ts'
import { clientSecretBasic } from '../../src/index.ts'
import { readBody, send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { type Bench, startBench, useBrowser } from './kit.ts'

useBrowser()

/** The bench, with photos of a host of ours beside its own. `cors`: for which page. */
async function scene(cors: (app: string) => NonNullable<HostOptions['cors']> | undefined) {
  const bench = await startBench()
  const { as, recorder } = bench.world
  const allowed = cors(bench.app.origin)
  const host = createHost({
    issuer: as.issuer,
    client: { id: 'rs', auth: clientSecretBasic('rs-secret') },
    ...(allowed && { cors: allowed }),
  })
  await host.protect({ url: '/alice/*', owner: 'alice' })
  const served: string[] = []
  const photos = await startPlainServer(
    guardNode(host, async (req, res) => {
      const body = `${await readBody(req)}`
      served.push(`${req.method} ${body}`)
      send(res, { status: 200, body: `${req.method} the photo ${body}` })
    }),
    { recorder, label: 'photos' },
  )
  onTestFinished(photos.close)
  bench.clear()
  return { ...bench, photos: photos.origin, served, recorder }
}

interface Sending {
  method?: string
  body?: string
  headers?: Record<string, string>
}

interface Seen {
  status?: number
  body?: string
  code?: string
  name?: string
}

/** Requests of the page with our requester, one after the other. */
const asked = (page: Bench['page'], places: { as: string; host: string; app: string }, requests: [string, Sending][]) =>
  page.evaluate(
    async ([places, requests]) => {
      const requester = window.lib.make(places)
      const seen: Seen[] = []
      for (const [url, init] of requests) {
        try {
          const response = await requester.fetch(url, init)
          seen.push({ status: response.status, body: await response.text() })
        } catch (error) {
          const { code, name } = Object(error)
          seen.push({ code, name })
        }
      }
      return { seen, events: window.lib.events.map(({ type }) => type) }
    },
    [places, requests] as const,
  )

/** What arrived at the photos but preflights, which browsers remember for as long as they like. */
const lines = ({ recorder }: Pick<Bench['world'], 'recorder'>): string[] =>
  recorder
    .to('photos', ({ method }) => method !== 'OPTIONS')
    .map(({ method, server, path, status }) => `${method} ${server} ${path} ${status}`)

test('the page reads the challenge, preflights pass, and the photo comes; an upload too', async () => {
  const world = await scene((app) => ({ origins: [app] }))
  const { page, places, photos, served, recorder } = world
  const url = `${photos}/alice/1.jpg`
  const { seen, events } = await asked(page, { ...places, host: photos }, [
    [url, {}],
    [url, { method: 'PUT', body: 'a new photo', headers: { 'content-type': 'image/jpeg' } }],
    [url, {}],
  ])
  expect(seen).toEqual([
    { status: 200, body: 'GET the photo ' },
    { status: 200, body: 'PUT the photo a new photo' },
    { status: 200, body: 'GET the photo ' },
  ])
  expect(events).not.toContain('challenge-unreadable')
  expect(served).toEqual(['GET ', 'PUT a new photo', 'GET '])
  expect(lines(world)).toEqual([
    'GET photos /alice/1.jpg 401',
    'GET photos /alice/1.jpg 200',
    'PUT photos /alice/1.jpg 401',
    'PUT photos /alice/1.jpg 200',
    'GET photos /alice/1.jpg 200',
  ])
  const preflights = recorder.to('photos', ({ method }) => method === 'OPTIONS')
  expect(preflights.map(({ status }) => status)).toEqual(preflights.map(() => 204))
  expect(preflights.some(({ headers }) => headers['access-control-request-headers']?.includes('authorization'))).toBe(
    true,
  )
})

test.each([
  ['another origin', () => ({ origins: ['https://elsewhere.example'] })],
  ['no cors option', () => undefined],
])('%s: it fails closed, nothing is served and nothing can be read', async (_, cors) => {
  const world = await scene(cors)
  const { page, places, photos, served } = world
  const url = `${photos}/alice/1.jpg`
  const { seen } = await asked(page, { ...places, host: photos }, [
    [url, {}],
    [url, { method: 'PUT', body: 'a new photo' }],
    [url, { headers: { authorization: 'Bearer something' } }],
  ])
  expect(seen).toEqual([{ name: 'TypeError' }, { name: 'TypeError' }, { name: 'TypeError' }])
  // A preflight that nobody answers goes to the handler, which may know of CORS itself; its body is not sent.
  expect(served.filter((line) => line !== 'OPTIONS ')).toEqual([])
  // The authorization server was not told anything by the page.
  expect(world.recorder.to('as', ({ headers }) => headers.origin !== undefined)).toEqual([])
})

test('an authorization server that is down: the page sees the 403, its Warning, and the event', async () => {
  const world = await scene((app) => ({ origins: [app] }))
  const { page, places, photos } = world
  await world.world.as.close()
  const { seen, events } = await asked(page, { ...places, host: photos }, [[`${photos}/alice/1.jpg`, {}]])
  expect(seen).toMatchObject([{ status: 403 }])
  expect(events).toContain('authorization-server-unreachable')
})

test('a page without us reads the challenge too', async () => {
  const bench = await scene((app) => ({ origins: [app] }))
  const { page, photos } = bench
  const read = await page.evaluate(async (url) => {
    const response = await fetch(url)
    const header = response.headers.get('www-authenticate') ?? ''
    return { status: response.status, scheme: header.split(' ')[0], ticket: header.includes('ticket="') }
  }, `${photos}/alice/1.jpg`)
  expect(read).toEqual({ status: 401, scheme: 'UMA', ticket: true })
})
