/** H7: a resource is registered without query or fragment; a change of owner is explicit, and ends all old permissions. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HostOptions } from '../../src/host/index.ts'
import { guardNode } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { get, hosted } from '../host/hosted.ts'
import { rawRequest } from '../host/raw.ts'

const path = '/doc'
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: Error) => `${error.name}: ${error.message}`,
  )

describe('H7: the URL of a resource', () => {
  test.each(['/doc?id=1', '/doc?', '/doc#part', 'https://photos.example/doc?id=1'])(
    '%s is a TypeError',
    async (url) => {
      const { host } = await hosted()
      expect(await outcome(host.protect({ url, owner: 'alice' }))).toMatch(/^TypeError: .*without query and fragment/)
      await host.protect({ url: path, owner: 'alice' })
      expect(await outcome(host.update(url, { scopes: ['read'] }))).toMatch(/^TypeError: /)
      expect(await outcome(host.unprotect(url))).toMatch(/^TypeError: /)
      expect((await host.resources()).map(({ pattern }) => pattern)).toEqual([path])
    },
  )

  test('a guard tells resources apart by the query with a function', async () => {
    const { host, tokenFor } = await hosted()
    await host.protect({ url: '/doc/1', owner: 'alice' })
    await host.protect({ url: '/doc/2', owner: 'bob' })
    const token = await tokenFor('/doc/1')
    const handler = host.guard((request) => new Response(request.url), {
      resource: ({ target }) => {
        const ids = new URL(target, 'http://x').searchParams.getAll('id')
        if (ids.length > 1) throw new Error('ambiguous')
        return ids[0] && `/doc/${ids[0]}`
      },
    })
    const statuses = []
    for (const query of ['?id=1', '?id=2', '?id=3', '', '?id=1&id=2', '?id=../doc/1']) {
      statuses.push((await handler(get(path + query, token))).status)
    }
    expect(statuses).toEqual([200, 401, 403, 403, 403, 403])
  })
})

describe('H7: a change of owner', () => {
  test('without changeOwner it is a TypeError, and nothing changes', async () => {
    const { host, as, tokenFor } = await hosted()
    const before = await host.protect({ url: path, owner: 'alice' })
    const token = await tokenFor(path)
    expect(await outcome(host.protect({ url: path, owner: 'mallory' }))).toMatch(/^TypeError: .*changeOwner: true/)
    expect(await outcome(host.update(path, { owner: 'mallory' }))).toMatch(/^TypeError: .*changeOwner: true/)
    expect(await host.resources()).toEqual([before])
    expect([...as.resources.keys()]).toEqual([before.id])
    expect((await host.guard(() => new Response())(get(path, token))).status).toBe(200)
  })

  test.each(['protect', 'update'] as const)(
    '%s with changeOwner: a new id, and the old token opens nothing',
    async (way) => {
      const { host, as, tokenFor } = await hosted()
      const before = await host.protect({ url: path, owner: 'alice' })
      const token = await tokenFor(path)
      const open = async (rpt: string) => (await host.guard(() => new Response())(get(path, rpt))).status
      expect(await open(token)).toBe(200)
      const changes = { owner: 'bob', changeOwner: true }
      const now = way === 'protect' ? await host.protect({ url: path, ...changes }) : await host.update(path, changes)
      expect(now).toMatchObject({ owner: 'bob', pattern: path })
      expect(now.id).not.toBe(before.id)
      expect([...as.resources.keys()]).toEqual([now.id])
      expect(await open(token)).toBe(401)
      expect(await open(await tokenFor(path))).toBe(200)
    },
  )
})

describe('H7: the option origins', () => {
  const origins = ['https://photos.example']

  test('a URL of another origin is a TypeError', async () => {
    const { host } = await hosted({ host: { origins } as Partial<HostOptions> })
    await host.protect({ url: 'https://photos.example/1', owner: 'alice' })
    const other = outcome(host.protect({ url: 'https://other.example/1', owner: 'bob' }))
    expect(await other).toMatch(/^TypeError: .*https:\/\/other\.example is not among the origins/)
  })

  test('a request for another host is answered with 421', async () => {
    const { host, tokenFor } = await hosted({ host: { origins } as Partial<HostOptions> })
    await host.protect({ url: path, owner: 'alice' })
    const token = await tokenFor(path)
    const server = await listen(guardNode(host, (_req, res) => res.end('content')))
    onTestFinished(server.close)
    const statuses: Record<string, number> = {}
    for (const name of ['photos.example', 'PHOTOS.example:443', 'other.example', 'photos.example:8443', '']) {
      const lines = [`GET ${path} HTTP/1.1`, `Host: ${name}`, `Authorization: Bearer ${token}`]
      statuses[name] = (await rawRequest(server.port, lines)).status
    }
    expect(statuses).toEqual({
      'photos.example': 200,
      'PHOTOS.example:443': 200,
      'other.example': 421,
      'photos.example:8443': 421,
      '': 421,
    })
    const handler = host.guard(() => new Response())
    expect((await handler(new Request('http://other.example/doc'))).status).toBe(421)
  })

  test.each([[[]], [['photos.example']], [['https://photos.example/']], [['https://photos.example/a']]])(
    '%j is a TypeError',
    async (wrong) => {
      expect(await outcome(hosted({ host: { origins: wrong } as Partial<HostOptions> }))).toMatch(
        /^TypeError: .*origins/,
      )
    },
  )
})
