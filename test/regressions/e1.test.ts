/** E1: a UmaError is found in the error that an HTTP library rejects with, and any other error stays as it is. */
import axios, { type AxiosError } from 'axios'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { findUmaError, isUmaError } from '../../src/errors/index.ts'
import { startWorld } from '../helpers/world.ts'
import { attachedAxios, byFetch, byKy, rejection } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'

describe.each(['http', 'fetch'] as const)('axios, %s adapter', (adapter) => {
  test('a refusal: an AxiosError with the UmaError as its cause', async () => {
    const world = await startWorld({ as: { policy: () => 'deny' } })
    const error = (await rejection(
      attachedAxios(world.requester(), { adapter }).get(world.host.origin + path),
    )) as AxiosError
    expect(axios.isAxiosError(error)).toBe(true)
    expect([isUmaError(error), isUmaError(error, 'request_denied'), isUmaError(error, 'need_info')]).toEqual([
      true,
      true,
      false,
    ])
    const denied = findUmaError(error, 'request_denied')
    expect(denied).toBe(error.cause)
    expect(denied?.issuer).toBe(world.as.issuer)
    expect(error.code).toBe('request_denied')
    expect(error.response).toMatchObject({ status: 401, data: { error: 'protected' } })
    expect(denied?.response).toBe(error.response)
    expect(error.response?.config).toBe(error.config)
  })

  test('a network error passes through', async () => {
    const world = await startWorld({ host: { quirks: { closeEarly: 'silent' } } })
    const error = (await rejection(
      attachedAxios(world.requester(), { adapter }).get(world.host.origin + path),
    )) as AxiosError
    expect([axios.isAxiosError(error), isUmaError(error), findUmaError(error)]).toEqual([true, false, undefined])
  })

  test('two requesters on one instance: the UmaError is wrapped once', async () => {
    const world = await startWorld({ as: { policy: () => 'deny' } })
    const api = axios.create({ adapter })
    for (let turn = 0; turn < 2; turn++) attachRequester(api, world.requester({ maxFlowsPerRequest: turn }))
    const error = (await rejection(api.get(world.host.origin + path))) as AxiosError
    expect(axios.isAxiosError(error)).toBe(true)
    expect(axios.isAxiosError(error.cause)).toBe(false)
    expect(findUmaError(error)).toBe(error.cause)
  })
})

test.each([byFetch, byKy])('$name: the error itself', async ({ attach }) => {
  const world = await startWorld({ as: { policy: () => 'deny' } })
  const error = await rejection(attach(world.requester())(world.host.origin + path))
  expect(findUmaError(error, 'request_denied')).toBe(error)
})
