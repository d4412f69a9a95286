/** E7: in a page, the message about a server that was not reached mentions CORS. */
import { afterEach, expect, test, vi } from 'vitest'
import { path, umaRejection } from '../flows/kit.ts'
import { startWorld } from '../helpers/world.ts'

afterEach(() => void vi.unstubAllGlobals())

/** A `fetch` that fails at one endpoint as browsers do: nobody can tell why. */
const failingAt =
  (end: string): typeof fetch =>
  async (input, init) => {
    if (String(input).endsWith(end)) throw new TypeError('Failed to fetch')
    return fetch(input, init)
  }

const endpoints = [
  ['/.well-known/uma2-configuration', 'discovery_failed'],
  ['/token', 'token_request_failed'],
] as const

test.each(endpoints)('E7: in a page, %s is not reached', async (end, code) => {
  const world = await startWorld()
  vi.stubGlobal('document', { baseURI: 'https://app.example.com/' })
  const error = await umaRejection(world.requester({ fetch: failingAt(end) }).fetch(world.host.origin + path))
  expect(error.code).toBe(code)
  expect(error.message).toContain(`${world.as.issuer} was not reached`)
  expect(error.message).toContain('CORS')
})

test.each(endpoints)('E7: in a program, %s is not reached', async (end, code) => {
  const world = await startWorld()
  const error = await umaRejection(world.requester({ fetch: failingAt(end) }).fetch(world.host.origin + path))
  expect(error.code).toBe(code)
  expect(error.message).toContain('was not reached')
  expect(error.message).not.toContain('CORS')
})
