/** Bodies that can be read once: whole with `uma.body` or `uma.buffer`; without, BodyNotReplayableError; never sent empty. */

import { Readable } from 'node:stream'
import axios from 'axios'
import FormDataPackage from 'form-data'
import { describe, expect, test } from 'vitest'
import type { RecordedRequest } from '../helpers/recorder.ts'
import { startWorld, type World } from '../helpers/world.ts'
import {
  attachedAxios,
  byAxiosFetch,
  byAxiosHttp,
  byFetch,
  byKy,
  rejection,
  responseOf,
  umaErrorOf,
  type WayIn,
} from './kit.ts'

const path = '/alice/1.jpg'
const chunks = Array.from({ length: 8 }, (_, i) => Buffer.alloc(5000, `chunk ${i} `))
const whole = Buffer.concat(chunks)
const headers = { 'content-type': 'application/x-test' }

const node = (): Readable => Readable.from(chunks)
const web = (): ReadableStream => Readable.toWeb(node()) as ReadableStream
const iterable = (): AsyncIterable<Uint8Array> => ({
  async *[Symbol.asyncIterator]() {
    yield* chunks
  },
})
/** As `requester.fetch` and ky get it from those who build a Request themselves. */
const asRequest: WayIn = {
  ...byFetch,
  attach:
    (requester) =>
    async (url, { uma, ...init } = {}) => {
      const request = new Request(url, { ...init, duplex: 'half' } as RequestInit)
      // Nothing tells from outside what the body of a Request was made of.
      const response = await requester.fetch(request, { uma: uma === false ? uma : { ...uma, oneShot: true } })
      return { status: response.status, text: await response.text() }
    },
}

const rows: [string, WayIn, () => unknown][] = [
  ['fetch, ReadableStream', byFetch, web],
  ['fetch, Node Readable', byFetch, node],
  ['fetch, async iterable', byFetch, iterable],
  ['fetch(Request), ReadableStream', asRequest, web],
  ['axios http, Node Readable', byAxiosHttp, node],
  ['axios fetch, ReadableStream', byAxiosFetch, web],
  ['axios fetch, Node Readable', byAxiosFetch, node],
  ['ky, ReadableStream', byKy, web],
  ['ky, async iterable', byKy, iterable],
]

const writes = (world: World): RecordedRequest[] => world.sent().filter((r) => r.path === path)

describe.each(rows)('%s', (_name, { attach }, make) => {
  test('uma.body: whole on both sends', async () => {
    const world = await startWorld()
    const made: unknown[] = []
    const body = (): unknown => made[made.push(make()) - 1]
    expect(
      (await attach(world.requester())(world.host.origin + path, { method: 'PUT', headers, uma: { body } })).status,
    ).toBe(200)
    expect(writes(world).map((r) => [r.status, r.body.equals(whole)])).toEqual([
      [401, true],
      [200, true],
    ])
    expect(made.length).toBe(2)
    expect(new Set(writes(world).map((r) => r.headers['content-type']))).toEqual(new Set(['application/x-test']))
  })

  test('uma.buffer: whole on both sends', async () => {
    const world = await startWorld()
    const sent = await attach(world.requester())(world.host.origin + path, {
      method: 'PUT',
      headers,
      body: make(),
      uma: { buffer: true },
    })
    expect(sent.status).toBe(200)
    expect(writes(world).map((r) => [r.status, r.body.equals(whole)])).toEqual([
      [401, true],
      [200, true],
    ])
  })

  test('without: the flow is finished, BodyNotReplayableError, and the next send works with one request', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    const failure = await rejection(send(world.host.origin + path, { method: 'PUT', headers, body: make() }))
    const error = umaErrorOf(failure)
    expect([error.name, error.code]).toEqual(['BodyNotReplayableError', 'body_not_replayable'])
    if (axios.isAxiosError(failure))
      expect([failure.code, failure.response?.status, failure.cause]).toEqual(['body_not_replayable', 401, error])
    expect(await responseOf(failure)).toEqual({ status: 401, text: '{"error":"protected"}' })
    expect(world.lines()).toEqual([
      `PUT host ${path} 401`,
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
    ])
    world.recorder.clear()
    expect((await send(world.host.origin + path, { method: 'PUT', headers, body: make() })).status).toBe(200)
    expect(writes(world).map((r) => [r.status, r.body.equals(whole)])).toEqual([[200, true]])
    expect(world.host.bodies.map((write) => write.bytes.equals(whole))).toEqual([true])
  })

  test('a host that answers before it has read the body', async () => {
    const world = await startWorld({ host: { quirks: { closeEarly: 'answer' } } })
    const send = attach(world.requester())
    expect((await send(world.host.origin + path, { method: 'PUT', headers, uma: { body: make } })).status).toBe(200)
    expect(world.host.resources.get(path)?.bytes.equals(whole)).toBe(true)
  })
})

describe('axios, http adapter, npm form-data (A4)', () => {
  const form = (): FormDataPackage => {
    const data = new FormDataPackage()
    data.append('title', 'gruß')
    data.append('photo', whole, { filename: '1.jpg', contentType: 'image/jpeg' })
    return data
  }
  const read = async (request: RecordedRequest): Promise<unknown> => {
    const data = await new Response(Uint8Array.from(request.body), {
      headers: { 'content-type': request.headers['content-type'] as string },
    }).formData()
    return [
      data.get('title'),
      (data.get('photo') as File).name,
      Buffer.from(await (data.get('photo') as File).arrayBuffer()).equals(whole),
    ]
  }
  const expected = ['gruß', '1.jpg', true]

  test('uma.buffer: with its own content type and boundary', async () => {
    const world = await startWorld()
    await attachedAxios(world.requester(), { adapter: 'http' }).post(world.host.origin + path, form(), {
      uma: { buffer: true },
    })
    expect(await Promise.all(writes(world).map(read))).toEqual([expected, expected])
  })

  test('postForm of an object makes one too', async () => {
    const world = await startWorld()
    await attachedAxios(world.requester(), { adapter: 'http' }).postForm(
      world.host.origin + path,
      { title: 'gruß' },
      { uma: { buffer: true } },
    )
    expect(writes(world).map((r) => [r.status, r.body.includes('gruß')])).toEqual([
      [401, true],
      [200, true],
    ])
  })

  test('uma.body: each with the boundary of its own', async () => {
    const world = await startWorld()
    await attachedAxios(world.requester(), { adapter: 'http' }).post(world.host.origin + path, undefined, {
      uma: { body: form },
    })
    expect(await Promise.all(writes(world).map(read))).toEqual([expected, expected])
  })

  test('without: BodyNotReplayableError, no hang, and the next send works', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), { adapter: 'http', timeout: 5000 })
    const failure = await rejection(api.post(world.host.origin + path, form()))
    expect(umaErrorOf(failure).code).toBe('body_not_replayable')
    world.recorder.clear()
    await api.post(world.host.origin + path, form())
    expect(await Promise.all(writes(world).map(read))).toEqual([expected])
  })
})

test('a GET needs no body: a one-shot body is no obstacle where nothing is challenged', async () => {
  const world = await startWorld()
  const { status } = await byFetch.attach(world.requester())(`${world.host.origin}/public/1.jpg`, {
    method: 'PUT',
    headers,
    body: web(),
  })
  expect(status).toBe(200)
  expect(world.host.resources.get('/public/1.jpg')?.bytes.equals(whole)).toBe(true)
})

test('a Request made of a stream, unmarked: fetch gives each send its own copy', async () => {
  const world = await startWorld()
  const request = new Request(world.host.origin + path, {
    method: 'PUT',
    headers,
    body: web(),
    duplex: 'half',
  } as RequestInit)
  expect((await world.requester().fetch(request)).status).toBe(200)
  expect(writes(world).map((r) => [r.status, r.body.equals(whole)])).toEqual([
    [401, true],
    [200, true],
  ])
})
