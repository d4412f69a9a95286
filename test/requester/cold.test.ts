import axios from 'axios'
import ky from 'ky'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import type { Requester } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { startWorld } from '../helpers/world.ts'

type Get = (url: string) => Promise<unknown>

const waysIn: [string, (requester: Requester) => Get][] = [
  ['fetch', (requester) => async (url) => (await requester.fetch(url)).json()],
  [
    'axios, http adapter',
    (requester) => {
      const api = axios.create({ adapter: 'http' })
      attachRequester(api, requester)
      return async (url) => (await api.get(url)).data
    },
  ],
  [
    'axios, fetch adapter',
    (requester) => {
      const api = axios.create({ adapter: 'fetch' })
      attachRequester(api, requester)
      return async (url) => (await api.get(url)).data
    },
  ],
  ['ky', (requester) => (url) => extendKy(ky, requester).get(url).json()],
]

describe.each(waysIn)('requests on the wire, %s', (_name, use) => {
  test('cold 4, second resource 3, covered 1', async () => {
    const world = await startWorld()
    const get = use(world.requester())
    expect(await get(`${world.host.origin}/alice/1.jpg`)).toMatchObject({ path: '/alice/1.jpg', by: 'rpt' })
    expect(world.lines()).toEqual([
      'GET host /alice/1.jpg 401',
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      'GET host /alice/1.jpg 200',
    ])
    world.recorder.clear()
    expect(await get(`${world.host.origin}/alice/2.jpg`)).toMatchObject({ path: '/alice/2.jpg' })
    expect(world.lines()).toEqual(['GET host /alice/2.jpg 401', 'POST as /token 200', 'GET host /alice/2.jpg 200'])
    world.recorder.clear()
    // Upgraded, so that the first place is still open.
    expect(await get(`${world.host.origin}/alice/1.jpg`)).toMatchObject({ path: '/alice/1.jpg' })
    expect(world.lines()).toEqual(['GET host /alice/1.jpg 200'])
  })
})
