/** axios: the signal of a request is made when the engine asks for it, and an interceptor of ours changes no order. */
import axios, { AxiosError, type AxiosRequestConfig } from 'axios'
import { describe, expect, test, vi } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import type { RunRequest } from '../../src/request/request-driver.ts'
import { startEcho } from './kit.ts'

const sendOnly: RunRequest = (driver) => driver.send({ authorization: 'Bearer rpt' })

function attached(run: RunRequest, config: AxiosRequestConfig = {}) {
  const api = axios.create({ adapter: 'http', ...config })
  attachRequester(api, { run })
  return api
}

describe('signals', () => {
  test('the shortest way combines no signals and listens to no CancelToken', async () => {
    const server = await startEcho()
    const any = vi.spyOn(AbortSignal, 'any')
    const { token } = axios.CancelToken.source()
    const toSignal = vi.spyOn(token as unknown as { toAbortSignal(): AbortSignal }, 'toAbortSignal')
    const { signal } = new AbortController()
    await attached(sendOnly).get(server.origin, { cancelToken: token, signal })
    expect([any.mock.calls.length, toSignal.mock.calls.length]).toEqual([0, 0])
    any.mockRestore()
  })

  test.each(['signal', 'cancelToken'] as const)('the engine sees that the %s ends the request', async (by) => {
    const server = await startEcho()
    const source = axios.CancelToken.source()
    const controller = new AbortController()
    const states: (boolean | undefined)[] = []
    const run: RunRequest = async (driver) => {
      const { signal } = driver
      states.push(signal?.aborted)
      if (by === 'signal') controller.abort()
      else source.cancel()
      // A CancelToken tells its listeners in a later task.
      await new Promise((resolve) => setImmediate(resolve))
      states.push(signal?.aborted, driver.signal === signal)
      return driver.send(undefined)
    }
    const api = attached(run)
    await api.get(server.origin, { signal: controller.signal, cancelToken: source.token }).catch(() => undefined)
    expect(states).toEqual([false, true, true])
  })

  test('without a signal there is none', async () => {
    const server = await startEcho()
    const signals: unknown[] = []
    await attached((driver) => {
      signals.push(driver.signal)
      return driver.send(undefined)
    }).get(server.origin)
    expect(signals).toEqual([undefined])
  })
})

describe('the interceptor', () => {
  test('an unknown adapter rejects as it does without a requester', async () => {
    const without = await axios.get('http://127.0.0.1/', { adapter: 'none' }).catch((error) => error)
    const api = attached(sendOnly)
    const error = await api.get('http://127.0.0.1/', { adapter: 'none' }).catch((error) => error)
    expect(error).toBeInstanceOf(AxiosError)
    expect(error.message).toBe(without.message)
  })

  test('synchronous interceptors of the application stay synchronous', async () => {
    const server = await startEcho()
    const api = attached(sendOnly)
    const order: string[] = []
    const note = (config: Parameters<Parameters<typeof api.interceptors.request.use>[0] & object>[0]) => {
      order.push('interceptor')
      return config
    }
    api.interceptors.request.use(note, undefined, { synchronous: true })
    const answer = api.get(server.origin)
    order.push('request() returned')
    expect((await answer).status).toBe(200)
    expect(order).toEqual(['interceptor', 'request() returned'])
  })

  test('two requesters: the newest is outside, and each runs once', async () => {
    const server = await startEcho()
    const order: string[] = []
    const noting =
      (name: string): RunRequest =>
      (driver) => {
        order.push(name)
        return driver.send(undefined)
      }
    const api = attached(noting('first'))
    const second = { run: noting('second') }
    attachRequester(api, second)
    attachRequester(api, second)
    await api.get(server.origin)
    expect(order.toSorted()).toEqual(['first', 'second'])
  })
})
