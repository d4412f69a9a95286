/** R16: the answer of any function like `fetch` is read, and a strange answer never causes a raw error. */
import crossFetch from 'cross-fetch'
import nodeFetch from 'node-fetch'
import { describe, expect, test } from 'vitest'
import type { FetchAnswer, FetchLike } from '../../src/index.ts'
import { path, umaRejection } from '../flows/kit.ts'
import { denyAll } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'

/** A `fetch` whose answers have only the members that `make` gives them. */
const answering =
  (make: (response: Response) => FetchAnswer | Promise<FetchAnswer>): FetchLike =>
  async (input: RequestInfo | URL, init?: RequestInit) =>
    make(await fetch(input, init))

const kinds: [string, FetchLike][] = [
  ['node-fetch: bodies are Node streams', nodeFetch],
  ['cross-fetch', crossFetch],
  [
    'React Native: no body, but text() and clone()',
    answering((response) => {
      const { status, headers, url } = response
      const like = (own: Response): FetchAnswer => ({
        status,
        headers,
        url,
        text: () => own.text(),
        clone: () => like(own.clone()),
      })
      return like(response)
    }),
  ],
  [
    'headers as a plain object, text() only',
    answering(async (response) => {
      const text = await response.text()
      return { status: response.status, headers: Object.fromEntries(response.headers), text: async () => text }
    }),
  ],
]

describe.each(kinds)('R16: %s', (_kind, like) => {
  test('R16: it sends the requests to the host', async () => {
    const world = await startWorld()
    const response = await world.requester().wrapFetch(like)(world.host.origin + path)
    expect(response.status).toBe(200)
    expect((await response.text()).length).toBeGreaterThan(0)
  })

  test('R16: it serves the calls to the authorization server', async () => {
    const world = await startWorld()
    const requester = world.requester({ fetch: like as typeof fetch })
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    world.as.policy = denyAll
    const error = await umaRejection(requester.fetch(`${world.host.origin}/bob/1.jpg`))
    expect(error.code).toBe('request_denied')
  })

  test('R16: a refusal reaches the caller with the unread answer of the host', async () => {
    const world = await startWorld({ as: { policy: denyAll } })
    const error = await umaRejection(world.requester().wrapFetch(like)(world.host.origin + path))
    expect(error.code).toBe('request_denied')
    expect(error.response).toMatchObject({ status: 401 })
  })
})

describe('R16: a mock without headers', () => {
  test.each([200, 401, 403, 500])('R16: the status %i reaches the caller', async (status) => {
    const world = await startWorld()
    const answer = { status }
    expect(await world.requester().wrapFetch(async () => answer)(world.host.origin + path)).toBe(answer)
  })

  test('R16: a server that is such a mock ends in an error of this package', async () => {
    const world = await startWorld()
    const mock = (async () => ({ status: 200 })) as unknown as typeof fetch
    const error = await umaRejection(world.requester({ fetch: mock }).fetch(world.host.origin + path))
    expect(error.code).toBe('discovery_failed')
  })
})

test('R16: the gigantic answer of a Node stream is not read to its end', async () => {
  const world = await startWorld()
  let read = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 65_536
      yield new Uint8Array(65_536)
    }
  }
  const gigantic = (async () => ({ status: 200, body: endless() })) as unknown as typeof fetch
  const error = await umaRejection(world.requester({ fetch: gigantic }).fetch(world.host.origin + path))
  expect(error.code).toBe('discovery_failed')
  expect(read).toBeLessThan(2 ** 21)
})
