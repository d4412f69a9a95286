/** Attempts to reach what is protected around the warden, as bytes against node:http and Express, as Requests against fetch handlers and Hono. */
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { guardFetch } from '../../src/host/guard.ts'
import { honoGuard } from '../../src/host/hono.ts'
import { expressGuard, guardNode } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { rawRequest } from './raw.ts'
import { type WardenKit, wardenKit } from './warden-kit.ts'

const SECRET = 'what is in the photo'

/** Alice's photo, and Mallory, who has a token for everything of her own. */
async function scene(onUnmapped: 'deny' | 'pass' = 'deny') {
  const kit = wardenKit({ onUnmapped })
  await kit.protect('/alice/1.jpg')
  await kit.protect('/alice/album/*')
  await kit.protect('/mallory/*', { owner: 'mallory' })
  return { kit, own: kit.token('/mallory/*', ['read', 'write']), right: kit.token('/alice/1.jpg', ['read']) }
}

const servers = {
  'node:http': (kit: WardenKit, reached: string[]) =>
    guardNode(kit, (req, res) => {
      reached.push(`${req.method} ${req.url}`)
      res.end(SECRET)
    }),
  Express: (kit: WardenKit, reached: string[]) => {
    const app = express()
    app.use(expressGuard(kit))
    app.all('/*path', (req, res) => {
      reached.push(`${req.method} ${req.url}`)
      res.send(SECRET)
    })
    return app
  },
  'Express, mounted': (kit: WardenKit, reached: string[]) => {
    const app = express()
    const router = express.Router()
    router.use(expressGuard(kit))
    router.all('/*path', (req, res) => {
      reached.push(`${req.method} ${req.originalUrl}`)
      res.send(SECRET)
    })
    app.use('/alice', router)
    app.use('/mallory', router)
    return app
  },
}

type Attempt = [what: string, lines: (own: string) => string[], statuses?: number[]]
const host = 'Host: photos.example'
const get = (target: string) => [`GET ${target} HTTP/1.1`, host]

const attempts: Attempt[] = [
  ['nothing', () => get('/alice/1.jpg'), [401]],
  ['another’s token', (own) => [...get('/alice/1.jpg'), `Authorization: Bearer ${own}`], [401]],
  ...[
    '/alice%2f1.jpg',
    '/alice%2F1.jpg',
    '/alice%5c1.jpg',
    '/mallory/..%2falice/1.jpg',
    '/mallory/%2e%2e/alice/1.jpg',
    '/mallory/.%2e/alice/1.jpg',
    '/mallory/../alice/1.jpg',
    '/mallory/./../alice/1.jpg',
    '/mallory/..;/alice/1.jpg',
    '//alice/1.jpg',
    '/alice//1.jpg',
    '/mallory//alice/1.jpg',
    '/alice/1.jpg;v=1',
    '/alice;x=y/1.jpg',
    '/alice/1.jpg;/mallory',
    '/alice;x/1.jpg%3fy/z',
    '/alice/1.jpg%23/z',
    '/ALICE/1.jpg',
    '/alice/1.JPG',
    '/alice/1.jpg.',
    '/alice/1.jpg...',
    '/alice/1.jpg%20',
    '/alice./1.jpg',
    '/alice/1.jpg%00',
    '/alice/1.jpg%00.png',
    '/alice/1.jpg%0a',
    '/alice/1%2ejpg',
    '/%2561lice/1.jpg',
    '/alice%252f1.jpg',
    '/alice/1.jpg%3fx',
    '/alice/1.jpg%23x',
    '/alice/1.jpg#x',
    '/alice/%EF%BC%91.jpg',
    '/%ef%bd%81lice/1.jpg',
    '/alice%EF%BC%8F1.jpg',
    '/alice/1.jpg%E2%80%8B',
    '/alice\\1.jpg',
    '/alice/1.jpg%',
    '/alice/1.jpg%c0%ae',
    'http://photos.example/alice/1.jpg',
    'HTTP://photos.example/alice/1.jpg',
    'http://evil.example/mallory/2.jpg',
  ].map((target): Attempt => [target, (own) => [...get(target), `Authorization: Bearer ${own}`]]),
  ...['/alice/1.jpg/', '/%61lice/1.jpg', '/alice/1.jpg?/mallory/2.jpg', '/alice/album', '/alice/album/'].map(
    (target): Attempt => [target, (own) => [...get(target), `Authorization: Bearer ${own}`], [401]],
  ),
  ['HEAD for GET', (own) => ['HEAD /alice/1.jpg HTTP/1.1', host, `Authorization: Bearer ${own}`], [401]],
  ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map(
    (name): Attempt => [
      name,
      (own) => ['OPTIONS /alice/1.jpg HTTP/1.1', host, `${name}: GET`, `Authorization: Bearer ${own}`],
      [400],
    ],
  ),
  ['_method', () => get('/alice/1.jpg?_method=OPTIONS'), [400]],
  [
    'two Authorization headers',
    (own) => [...get('/mallory/2.jpg'), `Authorization: Bearer ${own}`, 'Authorization: Bearer other'],
    [400],
  ],
  ['two credentials in one', (own) => [...get('/mallory/2.jpg'), `Authorization: Bearer ${own}, Bearer x`], [400]],
  [
    'a token in query and header at once',
    (own) => [...get(`/mallory/2.jpg?access_token=${own}`), `Authorization: Bearer ${own}`],
    [400],
  ],
  ['two Hosts', (own) => [...get('/mallory/2.jpg'), 'Host: evil.example', `Authorization: Bearer ${own}`], [400]],
  [
    'a Host with a path',
    (own) => ['GET /1.jpg HTTP/1.1', 'Host: photos.example/alice', `Authorization: Bearer ${own}`],
    [400],
  ],
  [
    'another Host',
    (own) => ['GET /alice/1.jpg HTTP/1.1', 'Host: mallory.example', `Authorization: Bearer ${own}`],
    [401],
  ],
  ['no Host', (own) => ['GET /alice/1.jpg HTTP/1.0', `Authorization: Bearer ${own}`], [401]],
  [
    'forwarded path',
    (own) => [...get('/alice/1.jpg'), 'X-Forwarded-Uri: /mallory/2.jpg', `Authorization: Bearer ${own}`],
    [401],
  ],
]

describe.each(Object.entries(servers))('F-R-g, F-R-j: %s', (name, start) => {
  const cases = attempts.flatMap(([what, lines, statuses = [400]]) =>
    (['deny', 'pass'] as const).map((unmapped) => ({ unmapped, what, lines, statuses })),
  )
  test.each(cases)('unmapped: $unmapped; $what is refused', async ({ unmapped, lines, statuses }) => {
    const { kit, own } = await scene(unmapped)
    const reached: string[] = []
    const server = await listen(start(kit, reached))
    onTestFinished(server.close)
    const answer = await rawRequest(server.port, lines(own))
    // A router that does not know the path is as good a refusal.
    expect(name === 'Express, mounted' ? [...statuses, 404] : statuses).toContain(answer.status)
    expect(reached).toEqual([])
    expect(answer.body).not.toContain(SECRET)
  })

  test('with the permission it is reached', async () => {
    const { kit, right } = await scene()
    const reached: string[] = []
    const server = await listen(start(kit, reached))
    onTestFinished(server.close)
    const answer = await rawRequest(server.port, [...get('/alice/1.jpg'), `Authorization: Bearer ${right}`])
    expect(answer.status).toBe(200)
    expect(answer.body).toContain(SECRET)
    expect(answer.headers('vary')).toContain('Authorization')
    expect(reached).toHaveLength(1)
    const head = await rawRequest(server.port, ['HEAD /alice/1.jpg HTTP/1.1', host, `Authorization: Bearer ${right}`])
    expect([head.status, head.body]).toEqual([200, ''])
  })

  test('F-R-f: OPTIONS carries no content away', async () => {
    const { kit } = await scene()
    const server = await listen(start(kit, []))
    onTestFinished(server.close)
    const answer = await rawRequest(server.port, ['OPTIONS /alice/1.jpg HTTP/1.1', host])
    expect(answer.status).toBeLessThan(300)
    expect(answer.body.replace(/^0\r\n\r\n$/, '')).toBe('')
  })
})

const handlers = {
  fetch: (kit: WardenKit, reached: string[]) =>
    guardFetch(kit.judge, (request) => {
      reached.push(`${request.method} ${request.url}`)
      return new Response(SECRET)
    }),
  Hono: (kit: WardenKit, reached: string[]) => {
    const app = new Hono()
    app.use('/*', honoGuard(kit))
    app.all('/*', (c) => {
      reached.push(`${c.req.method} ${c.req.path}`)
      return c.text(SECRET)
    })
    return app.fetch
  },
}

describe.each(Object.entries(handlers))('F-R-g, F-R-j: %s', (_name, make) => {
  const cases: [string, Record<string, string>, number[]][] = [
    ['/alice/1.jpg', {}, [401]],
    ...[
      '/alice%2f1.jpg',
      '/alice%5c1.jpg',
      '/mallory/..%2falice/1.jpg',
      '//alice/1.jpg',
      '/alice//1.jpg',
      '/alice/1.jpg;v=1',
      '/ALICE/1.jpg',
      '/alice/1.jpg.',
      '/alice/1.jpg%20',
      '/alice/1.jpg%00',
      '/alice/1%2ejpg',
      '/%2561lice/1.jpg',
      '/alice/1.jpg%3fx',
      '/alice/１.jpg',
      '/alice/1.jpg%',
    ].map((path): [string, Record<string, string>, number[]] => [path, {}, [400]]),
    // A URL parser has resolved these: they are the photo.
    ...['/mallory/../alice/1.jpg', '/mallory/%2e%2e/alice/1.jpg', '/alice\\1.jpg', '/alice/1.jpg#x'].map(
      (path): [string, Record<string, string>, number[]] => [path, {}, [401]],
    ),
    ['/alice/1.jpg?_method=OPTIONS', {}, [400]],
    ['/mallory/2.jpg?access_token=x', {}, [400]],
    ['/mallory/2.jpg', { 'x-http-method-override': 'PUT' }, [400]],
    ['/mallory/2.jpg', { authorization: 'Bearer a, Bearer b' }, [400]],
  ]
  test.each(cases)('%s %j is refused', async (path, headers, statuses) => {
    const { kit, own } = await scene('pass')
    const reached: string[] = []
    const handler = make(kit, reached)
    const all = { authorization: `Bearer ${own}`, ...headers }
    const answer = await handler(new Request(`http://photos.example${path}`, { headers: all }))
    expect(statuses).toContain(answer.status)
    expect(reached).toEqual([])
    expect(await answer.text()).not.toContain(SECRET)
  })

  test('with the permission it is reached; OPTIONS carries no content away', async () => {
    const { kit, right } = await scene()
    const handler = make(kit, [])
    const url = 'http://photos.example/alice/1.jpg'
    const answer = await handler(new Request(url, { headers: { authorization: `Bearer ${right}` } }))
    expect([answer.status, await answer.text()]).toEqual([200, SECRET])
    expect(answer.headers.get('vary')).toBe('Authorization')
    const options = await handler(new Request(url, { method: 'OPTIONS' }))
    expect([options.status, await options.text()]).toEqual([204, ''])
    const head = await handler(new Request(url, { method: 'HEAD' }))
    expect([head.status, await head.text()]).toEqual([401, ''])
  })
})

test('F-R-j: a resource that differs from another owner’s in case only opens nothing of theirs', async () => {
  const kit = wardenKit()
  await kit.protect('/alice/*')
  await kit.protect('/Alice/1.jpg', { owner: 'mallory' })
  const app = express()
  app.use(expressGuard(kit))
  // Express ignores case unless told otherwise.
  app.get('/alice/1.jpg', (_req, res) => void res.send(SECRET))
  const server = await listen(app)
  onTestFinished(server.close)
  const ask = (path: string, token: string) =>
    fetch(server.origin + path, { headers: { authorization: `Bearer ${token}` } })
  const answer = await ask('/Alice/1.jpg', kit.token('/Alice/1.jpg'))
  expect([answer.status, await answer.text()]).toEqual([400, expect.not.stringContaining(SECRET)])
})
