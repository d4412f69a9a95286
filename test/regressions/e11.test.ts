/** E11: the options of one request reach the library through clients that pass a `Request`: openapi-fetch. */
import { expect, test } from 'vitest'
import type { Requester, UmaRequestOptions } from '../../src/index.ts'
import { path, tokenRequests } from '../flows/kit.ts'
import { startWorld } from '../helpers/world.ts'

interface Answer {
  response: Response
}
type Call = (path: string, options?: object) => Promise<Answer>
interface Recipe {
  clientFor(requester: Requester, baseUrl: string): { GET: Call; PUT: Call }
  withUma(requester: Requester, uma: UmaRequestOptions): (request: Request) => Promise<Response>
}
const { clientFor, withUma }: Recipe = await import(
  new URL('../../examples/recipes/openapi-fetch.mjs', import.meta.url).href
)

test('E11: options of one request of openapi-fetch', async () => {
  const world = await startWorld()
  const requester = world.requester()
  const client = clientFor(requester, world.host.origin)
  const fetch = withUma(requester, { parameters: { audience: 'photo-server' } })
  const { response } = await client.PUT(path, { body: { title: 'sunset' }, parseAs: 'text', fetch })
  expect(response.status).toBe(200)
  expect(tokenRequests(world).map((form) => form.get('audience'))).toEqual(['photo-server'])
  const sends = world.sent().filter((request) => request.path === path)
  expect(sends.map(({ body }) => body.toString())).toEqual(['{"title":"sunset"}', '{"title":"sunset"}'])
})

test('E11: other requests of the same client have no such options', async () => {
  const world = await startWorld()
  const requester = world.requester()
  const client = clientFor(requester, world.host.origin)
  await client.GET(path, { parseAs: 'text' })
  expect(tokenRequests(world).map((form) => form.get('audience'))).toEqual([null])
})
