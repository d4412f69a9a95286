/** S4: axios's URL is computed from the final config alone. The RPT never goes to another URL than the judged one. */
import axios, { type CreateAxiosDefaults, type InternalAxiosRequestConfig } from 'axios'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { startWorld } from '../helpers/world.ts'
import { attachedAxios } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'

type Change = (config: InternalAxiosRequestConfig) => void

const changes: [string, CreateAxiosDefaults, Change][] = [
  [
    'clears allowAbsoluteUrls',
    { allowAbsoluteUrls: false },
    (config) => Reflect.deleteProperty(config, 'allowAbsoluteUrls'),
  ],
  [
    'sets allowAbsoluteUrls to undefined',
    { allowAbsoluteUrls: false },
    (config) => Object.assign(config, { allowAbsoluteUrls: undefined }),
  ],
  ['deletes baseURL', { allowAbsoluteUrls: false }, (config) => Reflect.deleteProperty(config, 'baseURL')],
  [
    'sets baseURL to undefined',
    { allowAbsoluteUrls: false },
    (config) => Object.assign(config, { baseURL: undefined }),
  ],
]

describe.each(['http', 'fetch'] as const)('%s adapter', (adapter) => {
  test.each(changes)('an interceptor %s: the other host gets no RPT', async (_what, defaults, change) => {
    const world = await startWorld()
    const stranger = await startPlainServer((_req, res) => res.end('{}'), {
      label: 'stranger',
      recorder: world.recorder,
    })
    const requester = world.requester()
    await attachedAxios(requester, { adapter }).get(world.host.origin + path)
    const rpt = world.sent().at(-1)?.headers.authorization?.slice(7) as string
    expect(rpt.length).toBeGreaterThan(10)

    const api = axios.create({ adapter, baseURL: world.host.origin, ...defaults })
    // axios runs request interceptors in reverse order: this one runs after the adapter's.
    api.interceptors.request.use((config) => {
      change(config)
      return config
    })
    attachRequester(api, requester)
    expect((await api.get(`${stranger.origin}/x`)).status).toBe(200)
    expect(world.recorder.to('stranger').map((request) => request.path)).toEqual(['/x'])
    expect(world.recorder.containing(rpt).filter((request) => request.server === 'stranger')).toEqual([])
    await stranger.close()
  })

  test('an interceptor deletes the default params: the place has no query either', async () => {
    const world = await startWorld()
    const requester = world.requester()
    const urls: string[] = []
    const api = axios.create({ adapter, baseURL: world.host.origin, params: { v: '1' } })
    api.interceptors.request.use((config) => {
      delete config.params
      return config
    })
    attachRequester(api, {
      run: (driver, uma) => {
        urls.push(driver.url)
        return requester.run(driver, uma)
      },
    })
    expect((await api.get(path)).status).toBe(200)
    expect(urls).toEqual([world.host.origin + path])
    expect(world.lines().filter((line) => line.includes(' host '))).toEqual([
      `GET host ${path} 401`,
      `GET host ${path} 200`,
    ])
  })
})
