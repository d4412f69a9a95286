/** The core rows again with the lowest versions of the peers that are supported. */

import { Readable } from 'node:stream'
import axios from 'axios'
import FormDataPackage from 'form-data'
import { describe, expect, test, vi } from 'vitest'
import { nameLoopback } from '../helpers/loopback-names.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { startWorld } from '../helpers/world.ts'
import { attachedAxios, byAxiosFetch, byAxiosHttp, byKy, rejection, umaErrorOf } from './kit.ts'

vi.mock('axios', () => import('axios-floor'))
vi.mock('ky', () => import('ky-floor'))

const path = '/alice/1.jpg'

test('it is the floor', async () => {
  expect(axios.VERSION).toBe('1.12.0')
  expect((await import('ky')).default).toBe((await import('ky-floor')).default)
})

describe.each([byAxiosHttp, byAxiosFetch, byKy])('$name', ({ name, attach }) => {
  test('cold 4, second resource 3, covered 1', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    for (const [name, count] of [
      ['1.jpg', 4],
      ['2.jpg', 3],
      ['1.jpg', 1],
    ] as const) {
      world.recorder.clear()
      expect((await send(`${world.host.origin}/alice/${name}`)).status).toBe(200)
      expect(world.sent().length).toBe(count)
    }
  })

  test('a body is sent twice, byte for byte', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    expect((await send(world.host.origin + path, { method: 'PUT', body: 'grüße' })).status).toBe(200)
    expect(
      world
        .sent()
        .filter((r) => r.path === path)
        .map((r) => r.body.toString()),
    ).toEqual(['grüße', 'grüße'])
  })

  test('a stream: never empty', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    const make = (): unknown =>
      name === 'axios http' ? Readable.from([Buffer.from('grüße')]) : new Blob(['grüße']).stream()
    const headers = { 'content-type': 'text/x-test' }
    const error = umaErrorOf(await rejection(send(world.host.origin + path, { method: 'PUT', headers, body: make() })))
    expect(error.code).toBe('body_not_replayable')
    for (const options of [{ body: make() }, { uma: { body: make } }, { body: make(), uma: { buffer: true } }]) {
      expect((await send(world.host.origin + path, { method: 'PUT', headers, ...options })).status).toBe(200)
    }
    expect(world.host.bodies.map((write) => write.bytes.toString())).toEqual(['grüße', 'grüße', 'grüße'])
  })

  test('MaxFlowsReachedError after one flow', async () => {
    const world = await startWorld({ host: { quirks: { requireExtraFlows: 3 } } })
    const failure = await rejection(attach(world.requester())(world.host.origin + path))
    expect(umaErrorOf(failure)).toMatchObject({ code: 'max_flows_reached', flows: 1 })
    expect(axios.isAxiosError(failure)).toBe(name !== 'ky')
    expect(world.as.stats.tokenRequests).toBe(1)
  })

  test('a redirect to a subdomain and its challenge: no RPT there, not acted upon', async () => {
    const undo = nameLoopback()
    try {
      const world = await startWorld({ host: { host: 'localhost' } })
      const stranger = await startPlainServer(
        (_req, res) => res.writeHead(401, { 'www-authenticate': `UMA as_uri="${world.as.issuer}", ticket="t"` }).end(),
        {
          host: 'sub.localhost',
          label: 'stranger',
          recorder: world.recorder,
        },
      )
      const send = attach(world.requester())
      expect((await send(world.host.origin + path)).status).toBe(200)
      const rpt = world.sent().at(-1)?.headers.authorization?.slice(7) as string
      world.host.quirks.redirect = () => `${stranger.origin}/x`
      expect((await send(world.host.origin + path)).status).toBe(401)
      expect(world.recorder.containing(rpt).filter((r) => r.server === 'stranger')).toEqual([])
      expect(world.as.stats.tokenRequests).toBe(1)
      await stranger.close()
    } finally {
      undo()
    }
  })

  test('a redirect to a subdomain on the same port: no RPT there', async () => {
    const undo = nameLoopback()
    try {
      const world = await startWorld({ host: { host: 'localhost' } })
      const send = attach(world.requester())
      await send(world.host.origin + path)
      world.host.quirks.redirect = ({ headers }) =>
        String(headers.host).startsWith('sub.') ? undefined : `http://sub.localhost:${world.host.port}/public/x`
      world.recorder.clear()
      expect((await send(world.host.origin + path)).status).toBe(200)
      expect(world.sent().map(({ headers }) => headers.authorization !== undefined)).toEqual([true, false])
    } finally {
      undo()
    }
  })
})

describe.each(['http', 'fetch'] as const)('axios, %s adapter', (adapter) => {
  test('transformRequest runs once (A2), config.auth gives way to the RPT (A5), the error carries none (A10)', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), {
      adapter,
      transformRequest: [(data) => `ENC(${data})`],
      auth: { username: 'u', password: 'p' },
    })
    const { config } = await api.put(world.host.origin + path, 'x', { headers: { 'content-type': 'text/x-test' } })
    expect(
      world
        .sent()
        .filter((r) => r.path === path)
        .map((r) => [r.body.toString(), r.headers.authorization?.split(' ')[0]]),
    ).toEqual([
      ['ENC(x)', 'Basic'],
      ['ENC(x)', 'Bearer'],
    ])
    const rpt = world.sent().at(-1)?.headers.authorization?.slice(7) as string
    expect(JSON.stringify(config)).not.toContain(rpt)
  })
})

test('axios, http adapter, npm form-data', async () => {
  const world = await startWorld()
  const form = new FormDataPackage()
  form.append('title', 'gruß')
  await attachedAxios(world.requester(), { adapter: 'http' }).post(world.host.origin + path, form, {
    uma: { buffer: true },
  })
  expect(
    world
      .sent()
      .filter((r) => r.path === path)
      .map((r) => [r.status, r.body.includes('gruß')]),
  ).toEqual([
    [401, true],
    [200, true],
  ])
})
