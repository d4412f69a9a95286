/** S5: user name and password in an axios URL are HTTP Basic for the caller's own request, and reach nothing else. */
import axios from 'axios'
import { expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { startWorld } from '../helpers/world.ts'

const path = '/alice/1.jpg'

test.each(['http', 'fetch'] as const)('%s adapter', async (adapter) => {
  const world = await startWorld()
  const requester = world.requester()
  const urls: string[] = []
  const api = axios.create({ adapter })
  attachRequester(api, {
    run: (driver, uma) => {
      urls.push(driver.url)
      expect(driver.authorized).toBe(true)
      return requester.run(driver, uma)
    },
  })
  const url = new URL(world.host.origin + path)
  Object.assign(url, { username: 'bob', password: 'PASSWORD' })
  for (let turn = 0; turn < 2; turn++) expect((await api.get(url.href)).status).toBe(200)
  expect(urls).toEqual([world.host.origin + path, world.host.origin + path])
  expect(world.events.length).toBeGreaterThan(3)
  expect(JSON.stringify(world.events)).not.toMatch(/bob|PASSWORD/)

  const [first, second, third] = world.sent().filter((request) => request.server === 'host')
  const basic = `Basic ${Buffer.from('bob:PASSWORD').toString('base64')}`
  expect(first?.headers.authorization).toBe(basic)
  expect(second?.headers.authorization).toMatch(/^Bearer /)
  expect(third?.headers.authorization).toBe(second?.headers.authorization)
  for (const request of world.recorder.containing('PASSWORD')) expect(request.headers.authorization).toBe(basic)
})
