/** MaxFlowsReachedError after exactly `maxFlowsPerRequest` flows. */

import { inspect } from 'node:util'
import axios from 'axios'
import ky from 'ky'
import { describe, expect, test } from 'vitest'
import { isUmaError, MaxFlowsReachedError } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { startWorld } from '../helpers/world.ts'
import { attachedAxios, byFetch, rejection, responseOf, umaErrorOf, waysIn } from './kit.ts'

const path = '/alice/1.jpg'
const insatiable = { host: { quirks: { requireExtraFlows: 9 } } }

describe.each(waysIn)('$name', ({ name, attach }) => {
  test.each([
    ['1 by default', {}, {}, 1],
    ['per instance', { maxFlowsPerRequest: 2 }, {}, 2],
    ['per request', { maxFlowsPerRequest: 2 }, { uma: { maxFlowsPerRequest: 3 } }, 3],
    ['per request, less than the instance', { maxFlowsPerRequest: 3 }, { uma: { maxFlowsPerRequest: 1 } }, 1],
    ['0 per request: no flow at all', {}, { uma: { maxFlowsPerRequest: 0 } }, 0],
    ['0 per instance', { maxFlowsPerRequest: 0 }, {}, 0],
  ])('%s', async (_what, instance, request, flows) => {
    const world = await startWorld(insatiable)
    const failure = await rejection(attach(world.requester(instance))(world.host.origin + path, request))
    const error = umaErrorOf(failure)
    expect(error).toBeInstanceOf(MaxFlowsReachedError)
    expect(error).toMatchObject({ name: 'MaxFlowsReachedError', code: 'max_flows_reached', flows })
    expect(world.as.stats.tokenRequests).toBe(flows)
    expect(world.sent().filter((r) => r.path === path).length).toBe(flows + 1)
    expect(await responseOf(failure)).toEqual({ status: 401, text: '{"error":"protected"}' })
    expect(axios.isAxiosError(failure)).toBe(name.startsWith('axios'))
  })

  test('enough of them: the response', async () => {
    const world = await startWorld({ host: { quirks: { requireExtraFlows: 2 } } })
    expect((await attach(world.requester({ maxFlowsPerRequest: 3 }))(world.host.origin + path)).status).toBe(200)
    expect(world.as.stats.tokenRequests).toBe(3)
  })

  test('what was granted stays: the next request goes on from there', async () => {
    const world = await startWorld({ host: { quirks: { requireExtraFlows: 1 } } })
    const send = attach(world.requester())
    await rejection(send(world.host.origin + path))
    world.recorder.clear()
    expect((await send(world.host.origin + path)).status).toBe(200)
    // It is known not to be enough here, so the request goes without it; the flow upgrades it.
    expect(world.lines()).toEqual([`GET host ${path} 401`, 'POST as /token 200', `GET host ${path} 200`])
  })

  test('the last answer is the last: it carries the newest challenge', async () => {
    const world = await startWorld(insatiable)
    const response = umaErrorOf(await rejection(attach(world.requester())(world.host.origin + path))).response as {
      headers: Headers & Record<string, string>
    }
    const header =
      response instanceof Response ? response.headers.get('www-authenticate') : response.headers['www-authenticate']
    expect(header).toBe(world.sent().at(-1)?.answerHeaders?.['www-authenticate'])
  })
})

test('fetch: the body of .response has not been consumed', async () => {
  const world = await startWorld(insatiable)
  const { response } = umaErrorOf(await rejection(byFetch.attach(world.requester())(world.host.origin + path)))
  expect((response as Response).bodyUsed).toBe(false)
  expect(await (response as Response).json()).toEqual({ error: 'protected' })
})

test('.response is not enumerable', async () => {
  const world = await startWorld(insatiable)
  const error = umaErrorOf(await rejection(byFetch.attach(world.requester())(world.host.origin + path)))
  expect(Object.keys(error)).not.toContain('response')
  expect(inspect(error)).not.toContain('Response')
})

describe.each(['http', 'fetch'] as const)('axios, %s adapter', (adapter) => {
  test('rejects with an AxiosError: code, cause, response, and the config of the caller without the RPT', async () => {
    const world = await startWorld(insatiable)
    const api = attachedAxios(world.requester(), { adapter, headers: { 'x-mine': 'yes' } })
    const failure = (await rejection(api.get(world.host.origin + path, { params: { a: '1' } }))) as InstanceType<
      typeof axios.AxiosError
    >
    expect(axios.isAxiosError(failure)).toBe(true)
    expect(failure).toBeInstanceOf(axios.AxiosError)
    expect(failure.code).toBe('max_flows_reached')
    expect(isUmaError(failure.cause, 'max_flows_reached')).toBe(true)
    expect(failure.message).toBe((failure.cause as Error).message)
    expect(failure.response).toMatchObject({ status: 401, data: { error: 'protected' } })
    expect(failure.status).toBe(401)
    expect(failure.config).toMatchObject({ url: world.host.origin + path, params: { a: '1' } })
    expect(failure.config?.headers.get('x-mine')).toBe('yes')
    expect(failure.config?.headers.has('authorization')).toBe(false)
    expect(failure.response?.config).toBe(failure.config)
    const rpt = world.sent().at(-1)?.headers.authorization?.slice(7) as string
    expect(rpt.length).toBeGreaterThan(10)
    for (const text of [JSON.stringify(failure), JSON.stringify(failure.toJSON()), inspect(failure, { depth: 9 })])
      expect(text).not.toContain(rpt)
  })

  test('response interceptors see it like any other error', async () => {
    const world = await startWorld(insatiable)
    const api = attachedAxios(world.requester(), { adapter })
    const seen: unknown[] = []
    api.interceptors.response.use(undefined, (error) => {
      seen.push(error.response.status)
      return { data: 'handled' }
    })
    expect((await api.get(world.host.origin + path)).data).toBe('handled')
    expect(seen).toEqual([401])
  })
})

test.each([undefined, 5, { limit: 5, statusCodes: [401], methods: ['get'] }])(
  'ky does not retry it: one flow, with retry %j',
  async (retry) => {
    const world = await startWorld(insatiable)
    const api = extendKy(ky, world.requester()).extend(retry === undefined ? {} : { retry })
    const failure = await rejection(Promise.resolve(api.get(world.host.origin + path)))
    expect(isUmaError(failure, 'max_flows_reached')).toBe(true)
    expect(world.lines()).toEqual([
      `GET host ${path} 401`,
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      `GET host ${path} 401`,
    ])
  },
)
