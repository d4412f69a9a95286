/** The behaviour that only axios has. */

import type { Readable } from 'node:stream'
import axios, { type AxiosError, type AxiosInstance, CanceledError, type InternalAxiosRequestConfig } from 'axios'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { isUmaError } from '../../src/index.ts'
import { nameLoopback } from '../helpers/loopback-names.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { startWorld } from '../helpers/world.ts'
import { FOREVER } from '../requester/kit.ts'
import { attachedAxios, rejection } from './kit.ts'

const path = '/alice/1.jpg'
const read = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe.each(['http', 'fetch'] as const)('%s adapter', (adapter) => {
  test('interceptors and transforms run once, whatever happens in between (A1, A2)', async () => {
    const world = await startWorld()
    const ran: string[] = []
    const note = <T>(what: string, value: T): T => {
      ran.push(what)
      return value
    }
    const api = axios.create({
      adapter,
      transformRequest: [(data) => note('transformRequest', data)],
      transformResponse: [(data) => note('transformResponse', JSON.parse(data))],
    })
    api.interceptors.request.use((config) => note('before', config))
    attachRequester(api, world.requester())
    api.interceptors.request.use((config) => note('after', config))
    api.interceptors.response.use(
      (response) => note('response', response.data),
      (error) => note('error', Promise.reject(error)),
    )
    expect(await api.get(world.host.origin + path)).toMatchObject({ path })
    expect(ran).toEqual(['after', 'before', 'transformRequest', 'transformResponse', 'response'])
  })

  test('validateStatus that takes everything (A6), and one that takes nothing', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), { adapter })
    expect((await api.get(world.host.origin + path, { validateStatus: () => true })).status).toBe(200)
    expect((await api.get(`${world.host.origin}/alice/2.jpg`, { validateStatus: null })).status).toBe(200)
    const error = (await rejection(
      api.get(`${world.host.origin}/alice/3.jpg`, { validateStatus: () => false }),
    )) as AxiosError
    expect([error.response?.status, error.response?.data, isUmaError(error.cause)]).toEqual([
      200,
      expect.objectContaining({ path: '/alice/3.jpg' }),
      false,
    ])
  })

  test('responseType stream: the 401 is let go, the answer is a stream (A11)', async () => {
    const world = await startWorld({
      host: {
        quirks: { answer: (answer) => (answer.status === 401 ? { ...answer, body: 'x'.repeat(1 << 20) } : answer) },
      },
    })
    const api = attachedAxios(world.requester(), { adapter, responseType: 'stream', timeout: 5000 })
    const { data } = await api.get(world.host.origin + path)
    expect(JSON.parse(await read(data as Readable))).toMatchObject({ path })
  })

  test('responseType stream and a refusal: .response is open still', async () => {
    const world = await startWorld({ as: { policy: () => 'deny' } })
    const error = (await rejection(
      attachedAxios(world.requester(), { adapter, responseType: 'stream' }).get(world.host.origin + path),
    )) as AxiosError
    expect(JSON.parse(await read(error.response?.data as Readable))).toEqual({ error: 'protected' })
  })

  test.each(['arraybuffer', 'text', 'json'] as const)('responseType %s', async (responseType) => {
    const world = await startWorld()
    const { data } = await attachedAxios(world.requester(), { adapter }).get(world.host.origin + path, { responseType })
    expect(responseType === 'json' ? data : JSON.parse(Buffer.from(data).toString())).toMatchObject({ path })
  })

  test('baseURL, params, method helpers and paramsSerializer: the place is what goes over the wire', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), {
      adapter,
      baseURL: `${world.host.origin}/alice`,
      params: { v: '1' },
      paramsSerializer: { serialize: (params) => `ser=${Object.keys(params).join()}` },
    })
    for (let turn = 0; turn < 2; turn++) await api.get('1.jpg', { params: { w: '2' } })
    expect(
      world
        .sent()
        .filter((r) => r.server === 'host')
        .map((r) => `${r.path} ${r.status}`),
    ).toEqual([`${path}?ser=v,w 401`, `${path}?ser=v,w 200`, `${path}?ser=v,w 200`])
  })

  test('the config that the caller gets is the caller’s: no RPT in it, fit to be sent again (A10)', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), { adapter })
    const response = await api.get(world.host.origin + path)
    expect(response.config.headers.has('authorization')).toBe(false)
    expect([response.config.adapter].flat()).toEqual([adapter])
    world.recorder.clear()
    expect((await api(response.config)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })

  test('axios-retry and its like: error.config sent again starts anew', async () => {
    const world = await startWorld({ as: { policy: () => 'deny' } })
    const api = attachedAxios(world.requester(), { adapter })
    let retries = 0
    api.interceptors.response.use(undefined, (error: AxiosError) => {
      if (retries++ > 0) return Promise.reject(error)
      world.as.policy = () => 'grant'
      return api(error.config as InternalAxiosRequestConfig)
    })
    const { data, status } = await api.put(world.host.origin + path, { a: 1 })
    expect([status, data.received, retries]).toEqual([200, 7, 1])
    expect(world.host.bodies.map((write) => write.bytes.toString())).toEqual(['{"a":1}'])
  })

  test('attached twice: one flow; detached: none', async () => {
    const world = await startWorld()
    const requester = world.requester()
    const api = axios.create({ adapter })
    const detach = [attachRequester(api, requester), attachRequester(api, requester)]
    expect((await api.get(world.host.origin + path)).status).toBe(200)
    expect(world.sent().length).toBe(4)
    for (const one of detach) one()
    world.recorder.clear()
    expect((await api.get(world.host.origin + path, { validateStatus: null })).status).toBe(401)
    expect(world.lines()).toEqual([`GET host ${path} 401`])
  })

  test('two requesters on one instance: each opens what is its own', async () => {
    const [one, two] = [await startWorld(), await startWorld()]
    const api = axios.create({ adapter })
    for (const world of [one, two]) attachRequester(api, world.requester({}, { hosts: [world.host.origin] }))
    const trusted = one.requester({
      authorizationServers: [one, two].map(({ as, host }) => ({
        issuer: as.issuer,
        hosts: [host.origin],
        client: { id: 'spa' },
      })),
    })
    const both = attachedAxios(trusted, { adapter })
    for (const world of [one, two]) expect((await both.get(world.host.origin + path)).status).toBe(200)
  })

  test('cancelToken', async () => {
    const world = await startWorld({ as: { quirks: { delayMs: { token: FOREVER } } } })
    const source = axios.CancelToken.source()
    const sent = rejection(
      attachedAxios(world.requester(), { adapter }).get(world.host.origin + path, { cancelToken: source.token }),
    )
    setTimeout(() => source.cancel('moved on'), 100)
    const error = await sent
    expect(axios.isCancel(error)).toBe(true)
    expect(error).toBeInstanceOf(CanceledError)
  })

  test('a time-out of axios counts for one send, not for the flow (A18)', async () => {
    const world = await startWorld({ as: { quirks: { delayMs: { token: 1_800 } } } })
    expect(
      (await attachedAxios(world.requester(), { adapter, timeout: 1_500 }).get(world.host.origin + path)).status,
    ).toBe(200)
    world.host.quirks.delayMs = FOREVER
    const late = async (api: AxiosInstance): Promise<unknown> =>
      ((await rejection(api.get(world.host.origin + path, { timeout: 200 }))) as AxiosError).code
    expect(await late(attachedAxios(world.requester(), { adapter }))).toBe(await late(axios.create({ adapter })))
  })

  test('a network error is an AxiosError of its own, without a response', async () => {
    const world = await startWorld({ host: { quirks: { closeEarly: 'silent' } } })
    const error = (await rejection(
      attachedAxios(world.requester(), { adapter }).get(world.host.origin + path),
    )) as AxiosError
    expect([axios.isAxiosError(error), error.response]).toEqual([true, undefined])
    expect(isUmaError(error.cause)).toBe(false)
  })
})

test('http adapter: a beforeRedirect of the caller runs too, and sees no RPT on its way elsewhere', async () => {
  const undo = nameLoopback()
  const world = await startWorld({ host: { host: 'localhost' } })
  const stranger = await startPlainServer((_req, res) => res.end('{}'), {
    host: 'sub.localhost',
    label: 'stranger',
    recorder: world.recorder,
  })
  const seen: unknown[] = []
  const api = attachedAxios(world.requester(), {
    adapter: 'http',
    beforeRedirect: (options) =>
      void seen.push(options.hostname, options.headers?.Authorization ?? options.headers?.authorization),
  })
  await api.get(world.host.origin + path)
  world.host.quirks.redirect = () => `${stranger.origin}/x`
  await api.get(world.host.origin + path)
  expect(seen).toEqual(['sub.localhost', undefined])
  await stranger.close()
  undo()
})

test('relative URLs: as without us', async () => {
  const world = await startWorld()
  const error = (await rejection(
    attachedAxios(world.requester(), { adapter: 'http' }).get('/alice/1.jpg'),
  )) as AxiosError
  const bare = (await rejection(axios.get('/alice/1.jpg', { adapter: 'http' }))) as AxiosError
  expect([error.name, error.code]).toEqual([bare.name, bare.code])
})
