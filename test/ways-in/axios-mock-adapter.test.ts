/** axios-mock-adapter sets a function as the adapter: tests of users keep working. */
import axios, { type AxiosError } from 'axios'
import MockAdapter from 'axios-mock-adapter'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { startWorld } from '../helpers/world.ts'
import { rejection } from './kit.ts'

describe('axios-mock-adapter', () => {
  test('keeps working, attached before or after', async () => {
    for (const order of ['mock first', 'attach first']) {
      const world = await startWorld()
      const api = axios.create()
      const attach = () => attachRequester(api, world.requester())
      if (order === 'attach first') attach()
      const mock = new MockAdapter(api as never)
      if (order === 'mock first') attach()
      mock.onGet('/x').reply(200, { mocked: true })
      mock.onGet('/no-headers').reply(401)
      mock
        .onGet('https://photos.example.com/y')
        .reply(401, { cancel: true }, { 'WWW-Authenticate': 'Bearer realm="x"' })
      expect((await api.get('/x')).data).toEqual({ mocked: true })
      for (const url of ['/no-headers', 'https://photos.example.com/no-headers', 'https://photos.example.com/y']) {
        expect(((await rejection(api.get(url))) as AxiosError).response?.status).toBe(
          url.endsWith('headers') && url !== '/no-headers' ? 404 : 401,
        )
      }
      expect(world.sent()).toEqual([])
    }
  })

  test('a mocked challenge is acted upon', async () => {
    const world = await startWorld()
    const api = axios.create()
    const mock = new MockAdapter(api as never)
    attachRequester(api, world.requester({}, { hosts: ['https://photos.example.com'] }))
    const ticket = world.as.issueTicket([{ resource_id: 'r', resource_scopes: ['read'] }])
    mock
      .onGet('https://photos.example.com/y')
      .reply(({ headers }) =>
        (headers as { has(name: string): boolean }).has('Authorization')
          ? [200, 'in']
          : [401, { cancel: 'x' }, { 'WWW-Authenticate': `UMA as_uri="${world.as.issuer}", ticket="${ticket}"` }],
      )
    expect((await api.get('https://photos.example.com/y')).data).toBe('in')
  })
})
