/** S2: the request is captured when the caller makes it. Later changes of the caller's objects change no send. */
import { describe, expect, test } from 'vitest'
import { startPlainServer } from '../helpers/plain-server.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { attachedAxios, byAxiosFetch, byAxiosHttp, byFetch, byKy } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'
const binary = { 'content-type': 'application/x-test' }
const bytes = Uint8Array.from({ length: 2048 }, (_, i) => (i * 7) % 256)

const hostRequests = (world: World): RecordedRequest[] => world.sent().filter((request) => request.server === 'host')

interface ChangedBody {
  make(): unknown
  change(body: never): void
  expected: string | RegExp
  headers?: Record<string, string>
}

const fill = (buffer: ArrayBufferLike): void => void new Uint8Array(buffer).fill(0)
const hex = Buffer.from(bytes).toString('latin1')

const bodies: Record<string, ChangedBody> = {
  'a Uint8Array that is overwritten': {
    make: () => new Uint8Array(bytes),
    change: (body: Uint8Array) => fill(body.buffer),
    expected: hex,
    headers: binary,
  },
  'a Buffer that is overwritten': {
    make: () => Buffer.from(bytes),
    change: (body: Buffer) => void body.fill(0),
    expected: hex,
    headers: binary,
  },
  'a DataView that is overwritten': {
    make: () => new DataView(bytes.buffer.slice(0)),
    change: (body: DataView) => fill(body.buffer),
    expected: hex,
    headers: binary,
  },
  'an ArrayBuffer that is overwritten': {
    make: () => bytes.buffer.slice(0),
    change: fill as (body: never) => void,
    expected: hex,
    headers: binary,
  },
  'an ArrayBuffer that is transferred': {
    make: () => bytes.buffer.slice(0),
    change: (body: ArrayBuffer) => void structuredClone(body, { transfer: [body] }),
    expected: hex,
    headers: binary,
  },
  'URLSearchParams that get another entry': {
    make: () => new URLSearchParams({ a: '1 2' }),
    change: (body: URLSearchParams) => body.append('b', '3'),
    expected: 'a=1+2',
  },
  'FormData that gets another entry': {
    make: () => {
      const form = new FormData()
      form.append('title', 'sunset')
      form.append('photo', new File(['bits'], '1.jpg', { type: 'image/jpeg' }))
      return form
    },
    change: (body: FormData) => {
      body.append('more', 'added')
      body.delete('photo')
    },
    expected: /^(?!.*added).*sunset.*1\.jpg.*bits/s,
  },
}

describe.each([byFetch, byAxiosHttp, byAxiosFetch, byKy])('$name', ({ name, attach }) => {
  test.each(Object.entries(bodies))('%s', async (kind, { make, change, expected, headers = {} }) => {
    const world = await startWorld()
    const send = attach(world.requester())
    const body = make()
    // In Node, axios's fetch adapter calls every body a form unless it is told to leave the type to fetch.
    const own = name === 'axios fetch' && kind.startsWith('FormData') ? { 'content-type': false } : headers
    const answer = send(world.host.origin + path, { method: 'PUT', body, headers: own as Record<string, string> })
    change(body as never)
    expect((await answer).status).toBe(200)
    const sends = hostRequests(world)
    expect(sends.map((request) => request.status)).toEqual([401, 200])
    for (const request of sends) {
      if (typeof expected === 'string') expect(request.body.toString('latin1')).toBe(expected)
      else expect(request.body.toString('latin1')).toMatch(expected)
    }
    expect(sends[1]?.headers['content-type']?.split(';')[0]).toBe(sends[0]?.headers['content-type']?.split(';')[0])
  })

  test('headers that are changed', async () => {
    const world = await startWorld()
    const headers = { 'x-mine': 'original' }
    const answer = attach(world.requester())(world.host.origin + path, { headers })
    headers['x-mine'] = 'changed'
    expect((await answer).status).toBe(200)
    expect(hostRequests(world).map((request) => request.headers['x-mine'])).toEqual(['original', 'original'])
  })
})

describe('fetch', () => {
  test('a URL that then names another host: the RPT does not go there', async () => {
    const world = await startWorld()
    const stranger = await startPlainServer((_req, res) => res.end('{}'), {
      label: 'stranger',
      recorder: world.recorder,
    })
    const requester = world.requester()
    const url = new URL(world.host.origin + path)
    // Once before a token is held, and once after.
    for (let turn = 0; turn < 2; turn++) {
      url.href = world.host.origin + path
      const answer = requester.fetch(url)
      url.href = `${stranger.origin}/x`
      expect((await answer).status).toBe(200)
    }
    expect(world.recorder.to('stranger')).toEqual([])
    await stranger.close()
  })

  test('one URL object for several requests', async () => {
    const world = await startWorld()
    const { fetch } = world.requester()
    const url = new URL(world.host.origin)
    const answers = ['a', 'b', 'c'].map((name) => {
      url.pathname = `/alice/${name}.jpg`
      return fetch(url)
    })
    expect(await Promise.all(answers.map(async (answer) => (await (await answer).json()).path))).toEqual([
      '/alice/a.jpg',
      '/alice/b.jpg',
      '/alice/c.jpg',
    ])
  })

  test('Headers and header pairs that are changed', async () => {
    const world = await startWorld()
    const { fetch } = world.requester()
    const headers = new Headers({ 'x-mine': 'original' })
    const one = fetch(`${world.host.origin}/alice/1.jpg`, { headers })
    headers.set('x-mine', 'changed')
    const pairs: [string, string][] = [['x-mine', 'original']]
    const two = fetch(`${world.host.origin}/alice/2.jpg`, { headers: pairs })
    pairs[0] = ['x-mine', 'changed']
    await Promise.all([one, two])
    expect(new Set(hostRequests(world).map((request) => request.headers['x-mine']))).toEqual(new Set(['original']))
  })

  test('a Request whose headers are changed: its body is taken at once, as fetch does', async () => {
    const world = await startWorld()
    const request = new Request(world.host.origin + path, {
      method: 'PUT',
      body: 'x',
      headers: { 'x-mine': 'original' },
    })
    const answer = world.requester().fetch(request)
    expect(request.bodyUsed).toBe(true)
    request.headers.set('x-mine', 'changed')
    expect((await answer).status).toBe(200)
    expect(hostRequests(world).map((sent) => [sent.headers['x-mine'], sent.body.toString()])).toEqual([
      ['original', 'x'],
      ['original', 'x'],
    ])
  })
})

describe.each(['http', 'fetch'] as const)('axios, %s adapter', (adapter) => {
  test('params that are changed', async () => {
    const world = await startWorld()
    const params = new URLSearchParams({ size: '1' })
    const answer = attachedAxios(world.requester(), { adapter }).get(world.host.origin + path, { params })
    params.set('size', '2')
    await answer
    expect(hostRequests(world).map((request) => request.path)).toEqual([`${path}?size=1`, `${path}?size=1`])
  })

  test('a buffer that an interceptor sends and then changes', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), { adapter })
    const shared = Buffer.from('original')
    api.interceptors.request.use((config) => {
      setTimeout(() => shared.fill('x'))
      return Object.assign(config, { data: shared })
    })
    await api.put(world.host.origin + path, 'y', { headers: binary })
    expect(hostRequests(world).map((request) => request.body.toString())).toEqual(['original', 'original'])
  })
})
