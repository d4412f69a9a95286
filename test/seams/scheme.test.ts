/** The seam of schemes: a protocol of one's own goes through a whole flow, and a faulty one fails with a typed error. */
import axios from 'axios'
import { describe, expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { none, type RedirectHandler } from '../../src/index.ts'
import type { Scheme, SchemeTurn } from '../../src/scheme.ts'
import { rejection } from '../ways-in/kit.ts'
import { challengesFor, type Ends, fakeScheme, grantsToken, requesterFor, startEnds } from './kit.ts'

const photo = ({ host }: Ends): string => `${host.origin}/photo`

describe('a challenge without an issuer', () => {
  const anonymous = (): Scheme => fakeScheme()

  test('belongs to the one server of its scheme that may speak for the host', async () => {
    const ends: Ends = await startEnds(({ headers }) => {
      if (headers.authorization) return {}
      return { status: 401, headers: { 'www-authenticate': 'Fake ticket="t1"' } }
    }, grantsToken)
    const { requester } = requesterFor(ends, anonymous())
    expect((await requester.fetch(photo(ends))).status).toBe(200)
    expect(ends.asked.length).toBe(1)
  })

  test.each(['none', 'two'])('%s: refused', async (how) => {
    const ends: Ends = await startEnds(
      () => ({ status: 401, headers: { 'www-authenticate': 'Fake ticket="t1"' } }),
      grantsToken,
    )
    const scheme = anonymous()
    const server = { issuer: ends.as.origin, hosts: [ends.host.origin], client: { id: 'app', auth: none() }, scheme }
    const servers = {
      none: [{ ...server, hosts: ['https://elsewhere.example'] }],
      two: [server, { ...server, issuer: 'https://as2.example' }],
    }
    const { requester, events } = requesterFor(ends, scheme, { authorizationServers: servers[how as 'none' | 'two'] })
    expect((await requester.fetch(photo(ends))).status).toBe(401)
    expect(events).toMatchObject(
      [{ type: 'challenge-refused', issuer: 'fake' }, { type: expect.any(String) }].slice(0, events.length),
    )
    expect(ends.asked).toEqual([])
  })
})

describe('the steps of a scheme', () => {
  test('JSON, by the client; then a form, by nobody', async () => {
    const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
    const endpoint = `${ends.as.origin}/token`
    const scheme = fakeScheme({
      next(state, input): SchemeTurn {
        if ('begin' in input) {
          return { state, step: { kind: 'ask', endpoint, by: 'client', json: { ticket: state.ticket } } }
        }
        if (state.ticket !== 'second') {
          return { state: { ticket: 'second' }, step: { kind: 'ask', endpoint, by: 'nobody', form: { t: 'second' } } }
        }
        return { state, step: { kind: 'granted', grant: { token: 'rpt', type: 'fake' }, upgraded: false } }
      },
    })
    const { requester } = requesterFor(ends, scheme)
    expect((await requester.fetch(photo(ends))).status).toBe(200)
    expect(ends.asked.map(({ body }) => body)).toEqual(['{"ticket":"t1","client_id":"app"}', 't=second'])
  })

  test('a code that a person types instead of a URL', async () => {
    const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
    const scheme = outOfBandScheme(true)
    const onRedirect: RedirectHandler = async ({ url }) => new URL(url).searchParams.get('shows') ?? ''
    const { requester } = requesterFor(ends, scheme, { onRedirect })
    expect((await requester.fetch(photo(ends))).status).toBe(200)
    expect(ends.asked.at(-1)?.body).toContain('ticket=code-1')
  })

  test.each([undefined, {}, '', 'nonsense', 42])(
    'a handler that resolves with %j: InvalidStateError',
    async (rubbish) => {
      const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
      const onRedirect = (async () => rubbish) as unknown as RedirectHandler
      const { requester } = requesterFor(ends, outOfBandScheme(false), { onRedirect })
      const error = await rejection(requester.fetch(photo(ends)))
      expect(error).toMatchObject({ code: 'invalid_state', response: { status: 401, bodyUsed: false } })
    },
  )
})

/** Sends a person away first; the code that comes back is the next ticket. */
function outOfBandScheme(outOfBand: boolean): Scheme {
  return fakeScheme({
    next(state, input, { metadata }): SchemeTurn {
      const endpoint = `${metadata.token_endpoint}`
      if ('answer' in input) {
        return { state, step: { kind: 'granted', grant: { token: 'rpt', type: 'fake' }, upgraded: false } }
      }
      if (state.ticket === 't1') {
        return { state, step: { kind: 'claims', requiredClaims: [], redirectUser: 'https://as.example/page' } }
      }
      return { state, step: { kind: 'ask', endpoint, by: 'client', form: { ticket: state.ticket } } }
    },
    redirect: {
      outOfBand,
      url: (_state, endpoint) => new URL(`${endpoint}?shows=code-1`),
      accept: (_state, back) => ({ ticket: back }),
    },
  })
}

describe('a faulty scheme: SchemeError with the answer of the host', () => {
  const faults: [string, Partial<Record<keyof Scheme, unknown>>][] = [
    [
      'recognise throws',
      {
        recognise: () => {
          throw new Error('bug')
        },
      },
    ],
    ['recognise rejects', { recognise: async () => Promise.reject(new Error('bug')) }],
    ['recognise returns nothing', { recognise: () => undefined }],
    [
      'start throws',
      {
        start: () => {
          throw new Error('bug')
        },
      },
    ],
    ['start returns nothing', { start: () => undefined }],
    [
      'next throws',
      {
        next: () => {
          throw new Error('bug')
        },
      },
    ],
    ['next returns nothing', { next: () => undefined }],
    ['next returns no step', { next: (state: object) => ({ state }) }],
    ['next returns no state', { next: () => ({ state: null, step: { kind: 'wait' } }) }],
    ['next returns an unknown step', { next: (state: object) => ({ state, step: { kind: 'dance' } }) }],
    [
      'next asks for ever',
      {
        next: (state: object, _input: unknown, { metadata }: { metadata: { token_endpoint: string } }) => ({
          state,
          step: { kind: 'ask', endpoint: metadata.token_endpoint, by: 'nobody', form: {} },
        }),
      },
    ],
  ]

  test.each(faults)('%s', async (_what, fault) => {
    const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
    const scheme = { ...fakeScheme(), ...fault } as Scheme
    const { requester } = requesterFor(ends, scheme)
    const error = await rejection(requester.fetch(photo(ends)))
    expect(error).toMatchObject({
      name: 'SchemeError',
      code: 'scheme_failed',
      response: { status: 401, bodyUsed: false },
    })
    expect(ends.asked.length).toBeLessThanOrEqual(5)
  })

  test('through axios: the cause is the SchemeError', async () => {
    const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
    const instance = axios.create({ adapter: 'http' })
    const scheme = { ...fakeScheme(), next: () => undefined } as unknown as Scheme
    attachRequester(instance, requesterFor(ends, scheme).requester)
    const error = await rejection(instance.get(photo(ends)))
    expect(error).toMatchObject({ code: 'scheme_failed', cause: { name: 'SchemeError' }, response: { status: 401 } })
  })
})
