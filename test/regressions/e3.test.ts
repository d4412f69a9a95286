/** E3: the server's own text is in `error.description`, without the secrets of the request, and nowhere else. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { clientSecretBasic, clientSecretPost, type UmaError } from '../../src/index.ts'
import { claim, path, umaRejection } from '../flows/kit.ts'
import type { Policy } from '../helpers/authorization-server.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'
import { tokenRequests } from '../requester/kit.ts'
import { umaErrorOf, waysIn } from '../ways-in/kit.ts'

/** Refuses every token request with this text. */
const refuses =
  (description: string | ((parameters: URLSearchParams) => string), error = 'request_denied', status = 403): Policy =>
  ({ parameters }) => ({
    error,
    status,
    description: typeof description === 'string' ? description : description(parameters),
  })

async function refused(policy: Policy, server: object = {}, options: WorldOptions = {}) {
  const world = await startWorld({ ...options, as: { policy, ...options.as } })
  const requester = world.requester({ claims: () => claim() }, server)
  const error = await umaRejection(requester.fetch(world.host.origin + path))
  return { world, requester, error }
}

/** Everything that an error shows by itself, and the events. */
function shownOf(world: World, error: UmaError): string {
  return [
    error.message,
    String(error),
    error.stack,
    JSON.stringify(error),
    inspect(error, { depth: 9, showHidden: false }),
    JSON.stringify(Object.entries(error)),
    inspect(error.cause),
    JSON.stringify(world.events),
  ].join('\n')
}

describe('E3: the description', () => {
  test.each([
    ['request_denied', 403, 'RequestDeniedError'],
    ['invalid_scope', 400, 'TokenRequestError'],
  ])('E3: of %s is there, and is not enumerable', async (code, status, name) => {
    const { world, error } = await refused(refuses('The album is private until May', code, status))
    expect(error).toMatchObject({ code, name })
    expect(error.description).toBe('The album is private until May')
    expect(Object.keys(error)).not.toContain('description')
    expect('description' in { ...error }).toBe(false)
    expect(shownOf(world, error)).not.toContain('album')
  })

  test('E3: is undefined if the server sent none', async () => {
    const { error } = await refused(() => 'deny')
    expect(error.code).toBe('request_denied')
    expect(error.description === undefined || typeof error.description === 'string').toBe(true)
    const world = await startWorld({ as: { policy: () => ({ error: 'request_denied', status: 403 }) } })
    world.as.quirks.errorAnswer = () => ({ status: 403, body: { error: 'request_denied' } })
    expect((await umaRejection(world.requester().fetch(world.host.origin + path))).description).toBeUndefined()
  })

  test('E3: has at most 200 characters', async () => {
    const { error } = await refused(refuses('long '.repeat(1_000)))
    expect(error.description?.length).toBeGreaterThan(100)
    expect(error.description?.length).toBeLessThanOrEqual(200)
  })

  test('E3: has only the characters of RFC 6749 §5.2', async () => {
    const { error } = await refused(refuses('one\r\ntwo \u001b[31mred "quoted" back\\slash snow\u2603man'))
    expect(error.description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(error.description).toContain('one')
    expect(error.description).toContain('man')
  })

  test('E3: each of several requests that waited has the description', async () => {
    const world = await startWorld({ as: { policy: refuses('The album is private') } })
    const requester = world.requester()
    const errors = await Promise.all([1, 2, 3].map(() => umaRejection(requester.fetch(world.host.origin + path))))
    expect(errors.map(({ description }) => description)).toEqual([1, 2, 3].map(() => 'The album is private'))
  })
})

describe('E3: secrets', () => {
  test('E3: the ticket, the claim and the RPT that were sent are redacted', async () => {
    const world = await startWorld()
    const requester = world.requester({ claims: () => claim('of-somebody') }, { pushClaims: 'first' })
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    world.as.policy = refuses((parameters) =>
      ['ticket', 'claim_token', 'rpt'].map((name) => `${name} is ${parameters.get(name)}`).join(', '),
    )
    world.recorder.clear()
    const error = await umaRejection(requester.fetch(`${world.host.origin}/alice/2.jpg`))
    expect(error.description).toBe('ticket is [redacted], claim_token is [redacted], rpt is [redacted]')
    const [form] = tokenRequests(world)
    for (const name of ['ticket', 'claim_token', 'rpt']) {
      const secret = form?.get(name) as string
      expect(secret.length).toBeGreaterThan(5)
      expect(error.description).not.toContain(secret)
      expect(shownOf(world, error)).not.toContain(secret)
    }
  })

  test.each([
    ['client_secret_basic', 'web', clientSecretBasic],
    ['client_secret_post', 'web-post', clientSecretPost],
  ])('E3: the secret of the client is redacted, %s', async (_method, id, authBy) => {
    const secret = `${id}-secret`
    const { error } = await refused(refuses(`the client sent ${secret}`), { client: { id, auth: authBy(secret) } })
    expect(error.description).toBe('the client sent [redacted]')
  })
})

test.each(waysIn)('E3: by way of $name', async ({ attach }) => {
  const world = await startWorld({ as: { policy: refuses('The album is private') } })
  const failure = await attach(world.requester())(world.host.origin + path).catch((error: unknown) => error)
  expect(umaErrorOf(failure).description).toBe('The album is private')
  expect(JSON.stringify(failure)).not.toContain('album')
})
