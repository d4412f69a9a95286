/** The body arrives byte for byte on the second send. */
import axios from 'axios'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { attachedAxios, byFetch, byKy, type Send, waysIn } from './kit.ts'

const path = '/alice/1.jpg'
const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) % 256)
const text = 'grüße\r\n\0 ä€😀'

interface Body {
  make(): unknown
  bytes: Uint8Array
  type?: RegExp
}

const bodies: Record<string, Body> = {
  string: { make: () => text, bytes: Buffer.from(text) },
  URLSearchParams: {
    make: () => new URLSearchParams({ a: '1 2', ä: '&=' }),
    bytes: Buffer.from('a=1+2&%C3%A4=%26%3D'),
    type: /^application\/x-www-form-urlencoded/,
  },
  Blob: { make: () => new Blob([bytes], { type: 'image/x-test' }), bytes, type: /^image\/x-test$/ },
  ArrayBuffer: { make: () => bytes.buffer.slice(0), bytes },
  'typed array': { make: () => new Uint8Array(bytes), bytes },
  Buffer: { make: () => Buffer.from(bytes), bytes },
}

const writes = (world: World): RecordedRequest[] => world.sent().filter((r) => r.path === path)

/** Both sends of a cold write carried the same. */
function expectTwice(world: World, { bytes, type }: Pick<Body, 'bytes' | 'type'>): void {
  const [first, second, ...more] = writes(world)
  expect([first?.status, second?.status, more]).toEqual([401, 200, []])
  for (const sent of [first, second]) {
    expect(Buffer.compare(sent?.body as Buffer, bytes)).toBe(0)
    if (type) expect(sent?.headers['content-type']).toMatch(type)
  }
  expect(second?.headers['content-type']).toBe(first?.headers['content-type'])
  expect(Buffer.compare(world.host.resources.get(path)?.bytes as Buffer, bytes)).toBe(0)
}

/** What a multipart body holds, whatever its boundary. */
const parts = async (sent: { contentType: string; bytes: Uint8Array<ArrayBuffer> }): Promise<unknown[]> => {
  const form = await new Response(sent.bytes, { headers: { 'content-type': sent.contentType } }).formData()
  const read = async (value: FormDataEntryValue) =>
    typeof value === 'string' ? value : [value.name, value.type, Buffer.from(await value.arrayBuffer()).toString('hex')]
  return Promise.all([...form].map(async ([name, value]) => [name, await read(value)]))
}

function form(): FormData {
  const data = new FormData()
  data.append('title', text)
  data.append('photo', new File([bytes], 'päris.jpg', { type: 'image/jpeg' }))
  return data
}

async function expectFormTwice(world: World): Promise<void> {
  const sends = writes(world)
  expect(sends.map((r) => r.status)).toEqual([401, 200])
  const read = sends.map((r) =>
    parts({ contentType: r.headers['content-type'] as string, bytes: Uint8Array.from(r.body) }),
  )
  const expected = [
    ['title', text.replace(/\r?\n/g, '\r\n')],
    ['photo', ['päris.jpg', 'image/jpeg', Buffer.from(bytes).toString('hex')]],
  ]
  expect(await Promise.all(read)).toEqual([expected, expected])
}

const asRequest = {
  name: 'fetch(Request)',
  attach:
    (requester) =>
    (url, options = {}) =>
      byFetch.attach(requester)(new Request(url, options as RequestInit) as never),
} as {
  name: string
  attach: typeof byFetch.attach
}

describe.each([...waysIn, asRequest])('$name', ({ name, attach }) => {
  // In Node, axios's fetch adapter calls every body a URL-encoded form unless it is told to leave that to fetch.
  const own = (name === 'axios fetch' ? { 'content-type': false } : {}) as Record<string, string>

  test.each(Object.entries(bodies))('%s', async (kind, body) => {
    const world = await startWorld()
    await attach(world.requester())(world.host.origin + path, {
      method: 'PUT',
      body: body.make(),
      headers: kind === 'Blob' ? own : body.type ? {} : { 'content-type': 'application/x-test' },
    })
    expectTwice(world, body)
  })

  test('FormData with a file', async () => {
    const world = await startWorld()
    await attach(world.requester())(world.host.origin + path, { method: 'POST', body: form(), headers: own })
    await expectFormTwice(world)
  })

  test('no body, and an empty one', async () => {
    const world = await startWorld()
    const send: Send = attach(world.requester())
    await send(world.host.origin + path, { method: 'DELETE' })
    expectTwice(world, { bytes: new Uint8Array() })
    world.recorder.clear()
    expect((await send(world.host.origin + path, { method: 'POST', body: '' })).status).toBe(200)
  })

  test('a megabyte', async () => {
    const world = await startWorld()
    const big = Buffer.alloc(1 << 20, 'x')
    await attach(world.requester())(world.host.origin + path, {
      method: 'PUT',
      body: big,
      headers: { 'content-type': 'application/x-test' },
    })
    expectTwice(world, { bytes: big })
  })
})

describe.each(['http', 'fetch'] as const)('axios, %s adapter', (adapter) => {
  test('JSON with a transformRequest that is not idempotent (A2)', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), {
      adapter,
      transformRequest: [(data) => `ENC(${typeof data === 'string' ? data : JSON.stringify(data)})`],
    })
    await api.put(world.host.origin + path, { a: 1 }, { headers: { 'content-type': 'application/x-test' } })
    expectTwice(world, { bytes: Buffer.from('ENC({"a":1})') })
  })

  test('JSON with a transformRequest that looks at the headers: they are set when it runs', async () => {
    const world = await startWorld()
    const seen: unknown[] = []
    const api = axios.create({ adapter })
    api.defaults.transformRequest = [
      (data: unknown, headers: { get(name: string): unknown }) => {
        seen.push(headers.get('x-mine'))
        return data
      },
      ...[axios.defaults.transformRequest].flat(),
    ] as never
    attachRequester(api, world.requester())
    await api.put(world.host.origin + path, { a: 1 }, { headers: { 'x-mine': 'yes' } })
    expectTwice(world, { bytes: Buffer.from('{"a":1}'), type: /^application\/json/ })
    expect(seen).toEqual(['yes'])
  })
})

test.each([byFetch, asRequest, byKy])('$name: a view of a part of a buffer', async ({ attach }) => {
  // axios sends the whole buffer, attached or not.
  const world = await startWorld()
  await attach(world.requester())(world.host.origin + path, { method: 'PUT', body: bytes.subarray(10, 2000) })
  expectTwice(world, { bytes: bytes.subarray(10, 2000) })
})

test('ky: json', async () => {
  const { default: ky } = await import('ky')
  const { extendKy } = await import('../../src/ky.ts')
  const world = await startWorld()
  for (const retry of [2, 0]) {
    await extendKy(ky, world.requester()).post(world.host.origin + path, { json: { a: 1 }, retry })
    expectTwice(world, { bytes: Buffer.from('{"a":1}'), type: /^application\/json/ })
    world.recorder.clear()
  }
})
