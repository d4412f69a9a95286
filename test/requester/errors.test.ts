/** What a caller sees when an authorization server refuses or cannot be understood: a typed error with the host's answer, and no hang. */
import { describe, expect, test } from 'vitest'
import { clientSecretBasic, isUmaError, none, UmaError } from '../../src/index.ts'
import { denyAll, onlyPeople, onlySubjects, ownerAgreesAfter, products } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'
import { byFetch, rejection, responseOf, umaErrorOf, umaRejection, waysIn } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'

type Quirks = NonNullable<NonNullable<Parameters<typeof startWorld>[0]>['as']>['quirks']

/** The error of one cold request. */
async function fails(
  quirks: Quirks,
  more: Parameters<Awaited<ReturnType<typeof startWorld>>['requester']>[0] = {},
  server = {},
  policy = denyAll,
) {
  const world = await startWorld({ as: { quirks: quirks ?? {}, policy } })
  const failure = await rejection(byFetch.attach(world.requester(more, server))(world.host.origin + path))
  const error = umaErrorOf(failure)
  expect(error).toBeInstanceOf(UmaError)
  expect(await responseOf(failure)).toEqual({ status: 401, text: '{"error":"protected"}' })
  expect(world.events.at(-1)).toMatchObject({ type: 'flow-ended', outcome: 'failed', code: error.code })
  return { world, error, of: [error.name, error.code] }
}

describe('refusals (Grant §3.3.6)', () => {
  test.each(['spec', 'keycloak', 'gluu', 'gravitee', 'solidlab', 'openam'] as const)(
    'a denial as %s words it: request_denied, once',
    async (denial) => {
      const { world, of } = await fails({ denial })
      expect(of).toEqual(['RequestDeniedError', 'request_denied'])
      expect(world.as.stats.tokenRequests).toBe(1)
    },
  )

  test('a denial as wso2 words it cannot be told from a bad ticket: one fresh ticket, then invalid_grant', async () => {
    const { world, of } = await fails({ denial: 'wso2' })
    expect(of).toEqual(['TokenRequestError', 'invalid_grant'])
    expect(world.as.stats).toMatchObject({ tokenRequests: 2, ticketsReplayed: 0 })
  })

  test.each([
    ['invalid_client', 401],
    ['invalid_scope', 400],
    ['unauthorized_client', 400],
    ['unsupported_grant_type', 400],
    ['temporarily_unavailable', 400],
    ['some_error_of_its_own', 400],
  ])('%s: TokenRequestError with that code, not tried again', async (error, status) => {
    const { world, of } = await fails({
      errorAnswer: () => ({ status, headers: { 'www-authenticate': 'Basic realm="x"' }, body: { error } }),
    })
    expect(of).toEqual(['TokenRequestError', error])
    expect(world.as.stats.tokenRequests).toBe(1)
  })

  test.each(['spec', 'keycloak', 'gluu', 'solidlab', 'openam'] as const)(
    'an expired ticket as %s words it: one fresh ticket, then the error (G-3.3.6-a)',
    async (invalidTicket) => {
      const { world, error } = await fails({
        ticketLifetimeMs: 1,
        delayMs: { discovery: 20, token: 20 },
        invalidTicket,
      })
      expect(error.name).toBe('TokenRequestError')
      expect(['invalid_grant', 'invalid_ticket', 'expired_ticket']).toContain(error.code)
      expect(world.sent().filter((r) => r.path === path).length).toBe(2)
      expect(world.as.stats.tokenRequests).toBe(2)
    },
  )

  test('an error code that is no code is not repeated: invalid_token_response', async () => {
    const { of, error } = await fails({
      errorAnswer: () => ({ status: 400, body: { error: 'Ticket abc is <b>bad</b>', error_description: 'leak' } }),
    })
    expect(of).toEqual(['InvalidTokenResponseError', 'invalid_token_response'])
    expect(error.message).not.toMatch(/abc|leak/)
  })

  test.each([undefined, 5])(
    'request_submitted, never decided: ends within its time-out or as submitted (interval %s)',
    async (interval) => {
      const { error } = await fails({ submitted: 'keycloak' }, {}, {}, ownerAgreesAfter(99, interval))
      expect(error).toMatchObject({ name: 'RequestSubmittedError', code: 'request_submitted' })
    },
  )

  test('request_submitted with a ticket, longer than timeouts.flow: UmaTimeoutError', async () => {
    const { error } = await fails({}, { timeouts: { flow: 300 } }, {}, ownerAgreesAfter(99, 1))
    expect(error).toMatchObject({ name: 'UmaTimeoutError', code: 'timeout' })
  })
})

/** Without it, only `redirect_user` can send a person anywhere. */
const noEndpoint = {
  metadata: (json: Record<string, unknown>) => ({ ...json, claims_interaction_endpoint: undefined }),
}

describe('need_info (G-3.3.6-c)', () => {
  test('claims that nobody supplies: NeedInfoError, with what was asked for', async () => {
    const { error } = await fails(noEndpoint, {}, {}, onlySubjects(['alice']))
    expect(error).toMatchObject({
      name: 'NeedInfoError',
      code: 'need_info',
      requiredClaims: [{ friendly_name: 'who you are' }],
    })
  })

  test('a claims function that answers undefined: the same', async () => {
    const { error } = await fails(noEndpoint, { claims: () => undefined }, {}, onlySubjects(['alice']))
    expect(error.code).toBe('need_info')
  })

  test('a claims function that throws: what it throws', async () => {
    const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
    const fault = new Error('no wallet')
    const claims = (): never => {
      throw fault
    }
    expect(await rejection(byFetch.attach(world.requester({ claims }))(world.host.origin + path))).toBe(fault)
  })

  test('an AS that is never content: bounded', async () => {
    const policy = () => ({ needInfo: { requiredClaims: [{ name: 'more' }] } })
    const { world, error } = await fails({}, { claims: () => ({ token: 'e30', format: 'x' }) }, {}, policy)
    expect(error.code).toBe('need_info')
    expect(world.as.stats.tokenRequests).toBeLessThanOrEqual(10)
  })

  test.each([{ uma: { interactive: false } }, {}])(
    'a person is needed and may not, or cannot, be asked (%j): InteractionRequiredError',
    async (options) => {
      const world = await startWorld({ as: { policy: onlyPeople('alice') } })
      const error = await umaRejection(
        byFetch.attach(
          world.requester(
            options.uma ? { onRedirect: async () => 'x', redirectUri: 'https://app.example.com/callback' } : {},
          ),
        )(world.host.origin + path, options),
      )
      expect(error).toMatchObject({ name: 'InteractionRequiredError', code: 'interaction_required' })
    },
  )

  test.each([
    ['without a ticket (G-3.3.6-g)', { error: 'need_info', redirect_user: 'https://as.example.com/x' }],
    ['without a hint', { error: 'need_info', ticket: 'next' }],
  ])('%s: invalid_token_response', async (_what, body) => {
    const { of } = await fails({ ...noEndpoint, errorAnswer: () => ({ status: 403, body }) })
    expect(of).toEqual(['InvalidTokenResponseError', 'invalid_token_response'])
  })

  test('the same ticket again: refused (G-3.3.6-f), unless `unchangedTicket`', async () => {
    const claims = () => ({ token: Buffer.from('{"sub":"alice"}').toString('base64url'), format: 'x' })
    const { of } = await fails(products.gravitee, { claims }, {}, onlySubjects(['alice']))
    expect(of).toEqual(['InvalidTokenResponseError', 'invalid_token_response'])
    const world = await startWorld({ as: { quirks: products.gravitee, policy: onlySubjects(['alice']) } })
    expect(
      (await byFetch.attach(world.requester({ claims }, { unchangedTicket: true }))(world.host.origin + path)).status,
    ).toBe(200)
  })
})

describe.each(waysIn)('$name', ({ attach }) => {
  test('a denial: the typed error with the answer, and the next request asks anew', async () => {
    const world = await startWorld({ as: { policy: denyAll } })
    const send = attach(world.requester())
    const failure = await rejection(send(world.host.origin + path))
    expect(umaErrorOf(failure).code).toBe('request_denied')
    expect(await responseOf(failure)).toEqual({ status: 401, text: '{"error":"protected"}' })
    world.as.policy = () => 'grant'
    expect((await send(world.host.origin + path)).status).toBe(200)
  })
})

test('client authentication that throws: what it throws; nothing was sent', async () => {
  const fault = new Error('no key')
  const world = await startWorld()
  const auth = (): never => {
    throw fault
  }
  expect(
    await rejection(byFetch.attach(world.requester({}, { client: { id: 'spa', auth } }))(world.host.origin + path)),
  ).toBe(fault)
  expect(world.as.stats.tokenRequests).toBe(0)
})

test('a wrong client secret: invalid_client', async () => {
  const world = await startWorld()
  const client = { id: 'web', auth: clientSecretBasic('wrong') }
  expect((await umaRejection(byFetch.attach(world.requester({}, { client }))(world.host.origin + path))).code).toBe(
    'invalid_client',
  )
})

test('isUmaError: by brand and code, across copies', () => {
  const error = new UmaError('x', { code: 'y' })
  expect([
    isUmaError(error),
    isUmaError(error, 'y'),
    isUmaError(error, 'z'),
    isUmaError(new Error('x')),
    isUmaError(null),
    isUmaError('x'),
  ]).toEqual([true, true, false, false, false, false])
  const copy = { [Symbol.for('uma-requester.error')]: true, code: 'y' }
  expect(isUmaError(copy, 'y')).toBe(true)
  expect(none).toBeTypeOf('function')
})
