/** An authorization server that has forgotten its clients, as one does that was set up anew. */

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { clientSecretBasic } from '../../src/authorization-server/client-authentication.ts'
import type { HostOptions } from '../../src/host/types.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { Answer } from '../helpers/http.ts'
import { type Asked, failure, said, scripted } from './protection-kit.ts'

const redirectUri = 'https://photos.example/back'
const clientOf = ({ headers }: Asked) => atob(headers.authorization?.split(' ')[1] ?? '').split(':')[0] as string
const unknownClient: Answer = { status: 401, body: { error: 'invalid_client' } }
const aMinuteLater = () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  onTestFinished(() => void vi.useRealTimers())
}

/** A server that knows those who have registered, until it forgets them. */
async function forgetful(options: Partial<HostOptions> = {}) {
  const known = new Set<string>()
  const state = { registrations: 0, introspection: [] as string[] }
  const kit = await scripted(
    (asked) => {
      if (asked.path === '/register') {
        const client_id = `client-${++state.registrations}`
        known.add(client_id)
        return { status: 201, body: { client_id, client_secret: 'secret' } }
      }
      if (asked.path !== '/introspect') return { status: 200, body: [] }
      state.introspection.push(clientOf(asked))
      return known.has(clientOf(asked)) ? { status: 200, body: { active: true } } : { status: 401, body: 'Unknown' }
    },
    {
      client: { register: { redirect_uris: [redirectUri] } },
      storage: keyValueStorage(new Map<string, string>()),
      ...options,
    },
    {
      metadata: { authorization_endpoint: 'https://as.example/authorize' },
      token: (asked) => (known.has(clientOf(asked)) ? undefined : unknownClient),
    },
  )
  return { ...kit, known, state }
}

describe('an owner who agrees', () => {
  const options: Partial<HostOptions> = { pat: { grant: 'authorization_code', redirectUri } }
  const backOf = (url: string) => `${redirectUri}?code=the-code&state=${new URL(url).searchParams.get('state')}`
  const clientIn = (url: string) => new URL(url).searchParams.get('client_id')

  test('F-1.3-e: comes back to a client that is not known any more: asked again as another, and that works', async () => {
    const { services, known, state } = await forgetful(options)
    const url = await services.authorizationUrl('alice')
    known.clear()
    const error = await failure(services.completeAuthorization(backOf(url), 'alice'))
    expect(error).toMatchObject({ name: 'InteractionRequiredError', message: expect.stringContaining('ask again') })
    expect(said(error)).not.toContain('the-code')
    const again = await services.authorizationUrl('alice')
    expect([clientIn(url), clientIn(again), state.registrations]).toEqual(['client-1', 'client-2', 2])
    expect(await services.completeAuthorization(backOf(again), 'alice')).toBe('alice')
    expect(await services.hasPat('alice')).toBe(true)
  })

  test('F-1.3-e: one whose way back was begun by the client before: asked again, and no code goes out', async () => {
    const { services, known, recorder } = await forgetful(options)
    const [early, other] = [await services.authorizationUrl('alice'), await services.authorizationUrl('bob')]
    known.clear()
    await failure(services.completeAuthorization(backOf(other), 'bob'))
    const before = recorder.count(({ path }) => path === '/token')
    expect(await failure(services.completeAuthorization(backOf(early), 'alice'))).toMatchObject({
      code: 'interaction_required',
      message: expect.stringContaining('ask again'),
    })
    expect(recorder.count(({ path }) => path === '/token')).toBe(before)
  })

  test('F-1.3-c: at a server that does not even know who has just registered: one more client a minute', async () => {
    const { services, known, state } = await forgetful(options)
    const codes: string[] = []
    for (let i = 0; i < 3; i++) {
      const url = await services.authorizationUrl('alice')
      known.clear()
      codes.push((await failure(services.completeAuthorization(backOf(url), 'alice'))).code)
    }
    expect([codes, state.registrations]).toEqual([['interaction_required', 'invalid_client', 'invalid_client'], 2])
    aMinuteLater()
    const url = await services.authorizationUrl('alice')
    await failure(services.completeAuthorization(backOf(url), 'alice'))
    expect(state.registrations).toBe(3)
  })

  test('F-1.3-c: a client that was configured is not replaced: the server’s own error', async () => {
    const { services, state } = await forgetful({ ...options, client: { id: 'rs', auth: clientSecretBasic('x') } })
    const url = await services.authorizationUrl('alice')
    expect((await failure(services.completeAuthorization(backOf(url), 'alice'))).code).toBe('invalid_client')
    expect(state.registrations).toBe(0)
  })
})

describe('introspection by client authentication', () => {
  const options: Partial<HostOptions> = { dialect: { introspectionAuth: 'client' } }

  test('F-5.1-a: a client that is not known any more registers anew, once for all who ask, and asks again', async () => {
    const { services, known, state } = await forgetful(options)
    const { api } = services
    await api.introspect('alice', 'rpt')
    known.clear()
    for (const answer of await Promise.all([1, 2, 3].map(() => api.introspect('alice', 'rpt'))))
      expect(answer).toEqual({ active: true })
    expect([state.registrations, state.introspection.at(-1)]).toEqual([2, 'client-2'])
    // Not again within a minute: then a 401 stays one.
    known.clear()
    expect(await failure(api.introspect('alice', 'rpt'))).toMatchObject({ name: 'ProtectionApiError', status: 401 })
    expect(state.registrations).toBe(2)
  })

  test('F-5.1-a: a client that was configured is turned away with a typed error', async () => {
    const { services, state } = await forgetful({ ...options, client: { id: 'rs', auth: clientSecretBasic('x') } })
    const error = await failure(services.api.introspect('alice', 'rpt'))
    expect(error).toMatchObject({ name: 'ProtectionApiError', code: 'invalid_client', status: 401 })
    expect(state.introspection).toEqual(['rs'])
  })
})

test('what was not reached says nothing of tickets where none was sent', async () => {
  const nowhere = { dialect: { introspectionAuth: 'client' }, client: { id: 'rs' } } as const
  const { services } = await scripted(
    () => undefined,
    { ...nowhere, load: { breaker: { failures: 100 } } },
    {
      metadata: { introspection_endpoint: 'http://127.0.0.1:1/introspect' },
    },
  )
  const error = await failure(services.api.introspect('alice', 'rpt'))
  expect(error.code).toBe('token_request_failed')
  expect(error.message).not.toContain('ticket')
})
