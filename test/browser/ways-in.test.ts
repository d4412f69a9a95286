/** The ways in, in a real Chromium: page, host and authorization server on three origins, with CORS and its preflights. */

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { holdTokens } from '../requester/kit.ts'
import { type Bench, startBench, useBrowser } from './kit.ts'

useBrowser()

const ways = ['fetch', 'axios xhr', 'axios fetch', 'ky'] as const
type Way = (typeof ways)[number]

interface Sent {
  status?: number
  body?: unknown
  error?: Record<string, unknown>
}
interface Asked {
  method?: string
  body?: string
  uma?: object | false
  abortAfter?: number
}

/** One request from the page, one way or another; `prepare` makes `window.ask` there. */
async function prepare(
  bench: Bench,
  way: Way,
  server: object = {},
): Promise<(url: string, more?: Asked) => Promise<Sent>> {
  const { page, places } = bench
  await page.evaluate(
    ([places, way, server]) => {
      const { make, axios, ky, attachRequester, extendKy, thrown } = window.lib
      const requester = make(places, {}, server)
      const instance = axios.create({ adapter: way === 'axios xhr' ? 'xhr' : 'fetch' })
      attachRequester(instance, requester)
      const api = extendKy(ky, requester)
      Object.assign(window, {
        async ask(url: string, { method = 'GET', body: made, uma, abortAfter }: Asked = {}): Promise<Sent> {
          // The tests say what body to make.
          const body = made && new Function(`return ${made}`)()
          const controller = new AbortController()
          if (abortAfter !== undefined) setTimeout(() => controller.abort(), abortAfter)
          const { signal } = controller
          const umaOptions = uma === undefined ? {} : { uma: uma as object }
          try {
            if (way === 'fetch' || way === 'ky') {
              const init = { method, signal, ...(body === undefined ? {} : { body }), ...umaOptions }
              const response = await (way === 'fetch'
                ? requester.fetch(url, init)
                : api(url, { ...init, throwHttpErrors: false, retry: 0 }))
              return { status: response.status, body: await response.json().catch(() => '') }
            }
            const response = await instance.request({
              url,
              method,
              data: body,
              signal,
              validateStatus: () => true,
              ...umaOptions,
            })
            return { status: response.status, body: response.data }
          } catch (error) {
            return { error: thrown(error) }
          }
        },
      })
    },
    [places, way, server] as const,
  )
  return (url, more = {}) =>
    page.evaluate(
      ([url, more]) => (window as unknown as { ask(url: string, more: Asked): Promise<Sent> }).ask(url, more),
      [url, more] as const,
    )
}

for (const way of ways) {
  test(`${way}: a cold request costs 4, a second place 3, a covered one 1`, async () => {
    const bench = await startBench()
    const ask = await prepare(bench, way)
    const { host } = bench.places
    expect(await ask(`${host}/alice/1.jpg`)).toMatchObject({ status: 200, body: { path: '/alice/1.jpg' } })
    expect(bench.lines()).toEqual([
      'GET host /alice/1.jpg 401',
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      'GET host /alice/1.jpg 200',
    ])
    // The browser asked first, for the requests that carry Authorization.
    expect(bench.world.recorder.to('host', ({ method }) => method === 'OPTIONS').length).toBeGreaterThan(0)
    bench.clear()
    expect((await ask(`${host}/alice/2.jpg`)).status).toBe(200)
    expect(bench.lines()).toEqual(['GET host /alice/2.jpg 401', 'POST as /token 200', 'GET host /alice/2.jpg 200'])
    bench.clear()
    expect((await ask(`${host}/alice/1.jpg`)).status).toBe(200)
    expect(bench.lines()).toEqual(['GET host /alice/1.jpg 200'])
    expect(bench.said.filter((line) => !line.includes('401'))).toEqual([])
  })

  test(`${way}: bodies are sent again byte for byte`, async () => {
    const bench = await startBench()
    const ask = await prepare(bench, way)
    const { host } = bench.places
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => i % 256))
    const sha = createHash('sha256').update(bytes).digest('hex')
    const array = 'Uint8Array.from({ length: 300 }, (_, i) => i % 256)'
    const cases: Record<string, [string, (text: string, body: Buffer, type: string) => void]> = {
      string: [`'grüße & more'`, (text) => expect(text).toBe('grüße & more')],
      form: [`new URLSearchParams({ a: 'ü b', c: '&' })`, (text) => expect(text).toBe('a=%C3%BC+b&c=%26')],
      blob: [
        `new Blob([${array}], { type: 'image/png' })`,
        (_text, body) => expect(createHash('sha256').update(body).digest('hex')).toBe(sha),
      ],
      buffer: [`${array}.buffer`, (_text, body) => expect(createHash('sha256').update(body).digest('hex')).toBe(sha)],
      multipart: [
        `(() => { const form = new FormData(); form.append('title', 'Sée'); form.append('photo', new File([${array}], 'a.bin')); return form })()`,
        (_text, body, type) => {
          const boundary = /boundary=(.*)$/.exec(type)?.[1] ?? '?'
          expect(body.toString('latin1').startsWith(`--${boundary}`)).toBe(true)
          expect(body.includes(bytes)).toBe(true)
          expect(body.toString()).toContain('Sée')
          expect(body.toString('latin1').trimEnd().endsWith(`--${boundary}--`)).toBe(true)
        },
      ],
      json: [
        way.startsWith('axios') ? `({ title: 'ü', list: [1] })` : `JSON.stringify({ title: 'ü', list: [1] })`,
        (text) => expect(JSON.parse(text)).toEqual({ title: 'ü', list: [1] }),
      ],
    }
    for (const [name, [body, check]] of Object.entries(cases)) {
      bench.clear()
      const path = `/alice/new-${name}`
      expect(await ask(host + path, { method: 'PUT', body }), name).toMatchObject({ status: 200 })
      const sends = bench.world.recorder.to('host', ({ method }) => method === 'PUT')
      expect(
        sends.map(({ status }) => status),
        name,
      ).toEqual([401, 200])
      for (const { body, headers } of sends) check(body.toString(), body, headers['content-type'] ?? '')
    }
  })

  test(`${way}: aborted in the middle of a flow, as the platform does it`, async () => {
    const bench = await startBench()
    const release = holdTokens(bench.world)
    const ask = await prepare(bench, way)
    const url = `${bench.places.host}/alice/1.jpg`
    const { error } = await ask(url, { abortAfter: 150 })
    expect(error).toMatchObject(
      way.startsWith('axios') ? { name: 'CanceledError', code: 'ERR_CANCELED' } : { name: 'AbortError' },
    )
    expect(bench.lines().filter((line) => line.endsWith('/alice/1.jpg 200'))).toEqual([])
    // Nothing is stuck: the next one goes through.
    release()
    expect((await ask(url)).status).toBe(200)
  })

  test(`${way}: the typed errors`, async () => {
    const bench = await startBench({ host: { quirks: { requireExtraFlows: 2 } } })
    const { host } = bench.places
    const ask = await prepare(bench, way)
    const axiosShape = { isAxiosError: true, causeName: 'MaxFlowsReachedError', code: 'max_flows_reached' }
    const max = await ask(`${host}/alice/1.jpg`)
    expect(max.error).toMatchObject(
      way.startsWith('axios') ? axiosShape : { name: 'MaxFlowsReachedError', code: 'max_flows_reached' },
    )

    const wary = await prepare(bench, way, { hosts: ['https://elsewhere.example'] })
    bench.clear()
    const { error } = await wary(`${host}/alice/2.jpg`)
    expect(error?.[way.startsWith('axios') ? 'causeCode' : 'code']).toBe('untrusted_authorization_server')
    expect(bench.lines()).toEqual(['GET host /alice/2.jpg 401'])
  })

  test(`${way}: \`uma: false\` leaves a request alone`, async () => {
    const bench = await startBench()
    const ask = await prepare(bench, way)
    expect((await ask(`${bench.places.host}/alice/1.jpg`, { uma: false })).status).toBe(401)
    expect(bench.lines()).toEqual(['GET host /alice/1.jpg 401'])
  })

  test(`${way}: a redirect to another origin shows it no token`, async () => {
    const bench = await startBench()
    const ask = await prepare(bench, way)
    const { host } = bench.places
    expect((await ask(`${host}/alice/1.jpg`)).status).toBe(200)
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': '*, authorization',
      'access-control-expose-headers': 'WWW-Authenticate',
      'www-authenticate': `UMA as_uri="${bench.places.as}", ticket="the-strangers-ticket"`,
    }
    const stranger = await startPlainServer(
      (req, res) => send(res, { status: req.method === 'OPTIONS' ? 204 : 401, headers, body: '{}' }),
      { label: 'stranger' },
    )
    try {
      bench.world.host.quirks.redirect = ({ path }) => (path === '/alice/1.jpg' ? `${stranger.origin}/x` : undefined)
      bench.clear()
      expect((await ask(`${host}/alice/1.jpg`)).status).toBe(401)
      expect(stranger.recorder.requests.filter((request) => request.method === 'GET').length).toBeGreaterThan(0)
      expect(stranger.recorder.requests.some((request) => request.headers.authorization !== undefined)).toBe(false)
      expect(bench.lines().filter((line) => line.includes('/token'))).toEqual([])
    } finally {
      await stranger.close()
    }
  })

  test(`${way}: a relative URL, for a host on the page's own origin`, async () => {
    const bench = await startBench()
    const ask = await prepare(bench, way, { hosts: [bench.places.app] })
    expect(await ask('/alice/1.jpg')).toMatchObject({ status: 200, body: { path: '/alice/1.jpg' } })
    expect(bench.world.recorder.to('app', ({ path }) => path === '/alice/1.jpg').map(({ status }) => status)).toEqual([
      401, 200,
    ])
    expect(await ask('/alice/1.jpg')).toMatchObject({ status: 200 })
    expect(bench.world.recorder.to('app', ({ path }) => path === '/alice/1.jpg')).toHaveLength(3)
  })
}

test('fetch is never called as a method: no "Illegal invocation"', async () => {
  const bench = await startBench()
  const results = await bench.page.evaluate(async (places) => {
    const { make } = window.lib
    const url = `${places.host}/alice/1.jpg`
    const holder = {
      get: make(places, { fetch: globalThis.fetch }).fetch,
      wrapped: make(places).wrapFetch(globalThis.fetch),
    }
    const loose = make(places).fetch
    return [
      (await holder.get(url)).status,
      (await holder.wrapped(url)).status,
      (await loose(url)).status,
      (await loose(new Request(url))).status,
    ]
  }, bench.places)
  expect(results).toEqual([200, 200, 200, 200])
})

test('a challenge that the page may not read is told about, and the 401 comes back untouched', async () => {
  const bench = await startBench({ host: { quirks: { exposeHeaders: false } } })
  const result = await bench.page.evaluate(async (places) => {
    const { make, events } = window.lib
    const response = await make(places).fetch(`${places.host}/alice/1.jpg?secret=1`)
    return { status: response.status, used: response.bodyUsed, body: await response.json(), events }
  }, bench.places)
  expect(result).toMatchObject({ status: 401, used: false, body: { error: 'protected' } })
  expect(result.events).toMatchObject([
    {
      type: 'challenge-unreadable',
      resource: `${bench.places.host}/alice/1.jpg`,
      hint: expect.stringContaining('Access-Control-Expose-Headers'),
    },
  ])
  expect(bench.lines()).toEqual(['GET host /alice/1.jpg?secret=1 401'])
})

test('the same through axios (XMLHttpRequest) and ky', async () => {
  const bench = await startBench({ host: { quirks: { exposeHeaders: false } } })
  for (const way of ['axios xhr', 'ky'] as const) {
    const ask = await prepare(bench, way)
    expect((await ask(`${bench.places.host}/alice/1.jpg`)).status).toBe(401)
  }
  const events = await bench.page.evaluate(() => window.lib.events.map(({ type }) => type))
  expect(events).toEqual(['challenge-unreadable', 'challenge-unreadable'])
})

test('a 401 without any CORS is a TypeError, as the platform has it', async () => {
  const bench = await startBench({ host: { quirks: { cors: false } } })
  const result = await bench.page.evaluate(async (places) => {
    const { make, events, thrown } = window.lib
    const error = await make(places).fetch(`${places.host}/alice/1.jpg`).catch(thrown)
    return { error, events }
  }, bench.places)
  expect(result.error).toMatchObject({ name: 'TypeError', uma: false })
  expect(result.events).toEqual([])
})

test('an authorization server without CORS is one typed error', async () => {
  const bench = await startBench({ as: { quirks: { cors: false } } })
  const result = await bench.page.evaluate(
    (places) =>
      window.lib
        .make(places)
        .fetch(`${places.host}/alice/1.jpg`)
        .then(({ status }) => status, window.lib.thrown),
    bench.places,
  )
  expect(result).toMatchObject({ code: 'discovery_failed', uma: true })
})
