/** The surroundings of an axios request: interceptors that were there before, tokens that cancel many. */
import axios from 'axios'
import { expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { startWorld } from '../helpers/world.ts'
import { attachedAxios, rejection } from './kit.ts'

const path = '/alice/1.jpg'

test('uma: false, set by an interceptor that was there before', async () => {
  const world = await startWorld()
  const api = axios.create()
  api.interceptors.request.use((config) => Object.assign(config, { uma: false }))
  attachRequester(api, world.requester())
  expect(await rejection(api.get(world.host.origin + path))).toMatchObject({ response: { status: 401 } })
  expect(world.lines()).toEqual([`GET host ${path} 401`])
})

test('a CancelToken for many requests is left without a listener of ours', async () => {
  const world = await startWorld()
  const api = attachedAxios(world.requester(), {})
  const { token } = axios.CancelToken.source()
  for (let i = 0; i < 5; i++) await api.get(world.host.origin + path, { cancelToken: token })
  const { _listeners: listeners } = token as unknown as { _listeners?: unknown[] | null }
  expect(listeners ?? []).toHaveLength(0)
})
