/** PATs that each owner agrees to (FedAuthz §1.3): authorization code with PKCE, refreshed while the owner is away. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { clientSecretPost } from '../../src/authorization-server/client-authentication.ts'
import type { HostOptions } from '../../src/host/types.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { type AuthorizationServer, REDIRECT_URI } from '../helpers/authorization-server.ts'
import { browse, submit } from '../servers/kit.ts'
import { atServer, failure, said, servicesAt } from './protection-kit.ts'

const client = {
  client_id: 'photos',
  client_secret: 'photos-secret',
  token_endpoint_auth_method: 'client_secret_post' as const,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: [REDIRECT_URI],
  scope: 'openid offline_access uma_protection',
}

const hostOptions: Partial<HostOptions> = {
  client: { id: 'photos', auth: clientSecretPost('photos-secret') },
  pat: { grant: 'authorization_code', redirectUri: REDIRECT_URI, scope: 'openid offline_access uma_protection' },
}

async function world(more: Partial<HostOptions> = {}) {
  const storage = new Map<string, string>()
  const options = { ...hostOptions, storage: keyValueStorage(storage), exclusive: true, ...more }
  const kit = await atServer({ path: '/realms/photos', clients: [client] }, options)
  return { ...kit, storage, another: () => servicesAt(kit.as.issuer, options) }
}

/** Through the real pages, with a browser of one's own; gives the URL that the person comes back on. */
async function goThere(as: AuthorizationServer, url: string, login: string, action = 'continue'): Promise<string> {
  const jar = new Map<string, string>()
  const page = await browse(as.origin, url, {}, jar)
  expect(page.text).toContain('Sign in')
  const consent = await submit(as.origin, page, { login, password: 'x', action }, jar)
  return consent.left ?? (await submit(as.origin, consent, { action: 'continue' }, jar)).left ?? ''
}

afterEach(() => void vi.useRealTimers())

describe('an owner agrees', () => {
  test('F-1.3-e, F-2-a: at the authorization endpoint, with PKCE; before that the host cannot act for them', async () => {
    const { as, api, services } = await world()
    const error = await failure(api.list('alice'))
    expect(error).toMatchObject({ name: 'InteractionRequiredError', code: 'interaction_required' })
    expect(await services.hasPat('alice')).toBe(false)

    const url = new URL(await services.authorizationUrl('alice'))
    expect(url.origin + url.pathname).toBe(`${as.issuer}/authorize`)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'photos',
      redirect_uri: REDIRECT_URI,
      scope: 'openid offline_access uma_protection',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{32}$/),
      prompt: 'consent',
    })
    expect(await services.completeAuthorization(await goThere(as, url.href, 'alice'), 'alice')).toBe('alice')
    expect(await services.hasPat('alice')).toBe(true)
    expect(await api.list('alice')).toEqual([])
    const { id } = await api.create('alice', { resource_scopes: ['read'] })
    expect(await api.ticket('alice', [{ resource_id: id, resource_scopes: ['read'] }])).toEqual(expect.any(String))
  })

  test('F-1.3-d: two owners at once: each has a PAT of their own, which is never sent for the other', async () => {
    const { as, api, services, events } = await world()
    const owners = ['alice', 'bob']
    const urls = await Promise.all(owners.map((owner) => services.authorizationUrl(owner)))
    const backs = await Promise.all(urls.map((url, i) => goThere(as, url, owners[i] ?? '')))
    // In the other order than they went.
    expect(await services.completeAuthorization(backs[1] ?? '')).toBe('bob')
    expect(await services.hasPat('alice')).toBe(false)
    expect(await services.completeAuthorization(backs[0] ?? '')).toBe('alice')
    as.recorder.clear()
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => api.read(owners[i % 2] ?? '', `of-${owners[i % 2]}`).catch(() => {})),
    )
    const pats = owners.map(
      (owner) =>
        new Set(
          as.recorder.requests.filter(({ path }) => path.endsWith(`/of-${owner}`)).map((r) => r.headers.authorization),
        ),
    )
    expect(pats.map(({ size }) => size)).toEqual([1, 1])
    expect([...(pats[0] ?? [])]).not.toEqual([...(pats[1] ?? [])])
    expect((await failure(api.list('carol'))).code).toBe('interaction_required')
    expect(events).toEqual([
      { type: 'pat-obtained', owner: 'bob' },
      { type: 'pat-obtained', owner: 'alice' },
    ])
  })

  test.each([false, true])(
    'F-1.4-b: while the owner is away the PAT is refreshed, once (rotated: %s), and another process sees it',
    async (rotated) => {
      const { as, api, services, events, another } = await world()
      as.quirks.rotateRefresh = rotated
      await services.completeAuthorization(await goThere(as, await services.authorizationUrl('alice'), 'alice'))
      await api.list('alice')
      for (const hours of [2, 4]) {
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 })
        const before = as.stats.refreshRequests
        await Promise.all(Array.from({ length: 5 }, () => api.list('alice')))
        expect(await another().services.api.list('alice')).toEqual([])
        expect(as.stats.refreshRequests - before).toBe(1)
      }
      expect(events.map(({ type }) => type)).toEqual(['pat-obtained', 'pat-refreshed', 'pat-refreshed'])
    },
  )

  test('F-1.3-e, F-R-i: an owner who takes it back: the refresh is refused, and they are asked again', async () => {
    const { as, api, services, events, storage } = await world()
    await services.completeAuthorization(await goThere(as, await services.authorizationUrl('alice'), 'alice'))
    await api.list('alice')
    const token = as.recorder.requests.at(-1)?.headers.authorization?.split(' ')[1] ?? ''
    const form = new URLSearchParams({ token, client_id: 'photos', client_secret: 'photos-secret' })
    expect((await fetch(`${as.issuer}/revoke`, { method: 'POST', body: form })).status).toBe(200)
    expect((await failure(api.list('alice'))).code).toBe('interaction_required')
    expect(events.map(({ type }) => type)).toEqual(['pat-obtained', 'pat-rejected'])
    expect(await services.hasPat('alice')).toBe(false)
    expect([...storage.keys()].filter((key) => key.includes('pat:'))).toEqual([])
    await services.completeAuthorization(await goThere(as, await services.authorizationUrl('alice'), 'alice'))
    expect(await api.list('alice')).toEqual([])
  })
})

test('F-1.3-e: an owner who agreed again in another process: a PAT that has ended here hides nothing', async () => {
  const { as, api, services, another } = await world({
    pat: { grant: 'authorization_code', redirectUri: REDIRECT_URI, scope: 'openid uma_protection' },
  })
  const agree = async (at: typeof services) =>
    at.completeAuthorization(await goThere(as, await at.authorizationUrl('alice'), 'alice'), 'alice')
  await agree(services)
  await api.list('alice')
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 })
  expect(await services.hasPat('alice')).toBe(false)
  await agree(another().services)
  expect(await services.hasPat('alice')).toBe(true)
})

test('those who never come back are forgotten when another goes, and nobody else is', async () => {
  const { services, storage } = await world()
  const pending = () => [...storage.keys()].filter((key) => key.includes('pending:'))
  for (let i = 0; i < 5; i++) await services.authorizationUrl('alice')
  expect(pending()).toHaveLength(5)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 300_000 })
  await services.authorizationUrl('bob')
  expect(pending()).toHaveLength(6)
  vi.setSystemTime(Date.now() + 300_001)
  await services.authorizationUrl('carol')
  expect(pending()).toHaveLength(2)
})

describe('the way back', () => {
  const secretsOf = (url: string) => ['code', 'state'].map((name) => new URL(url).searchParams.get(name) ?? '-')

  test('F-1.3-d: a state is good once, and of two at once for one', async () => {
    const { as, services } = await world()
    const back = await goThere(as, await services.authorizationUrl('alice'), 'alice')
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => services.completeAuthorization(back)))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    const error = await failure(services.completeAuthorization(back))
    expect(error).toMatchObject({ name: 'InvalidStateError', code: 'invalid_state' })
    for (const secret of secretsOf(back)) expect(said(error)).not.toContain(secret)
    expect(as.recorder.count(({ path }) => path === '/realms/photos/token')).toBe(1)
  })

  test('F-1.3-d: of two at once for one, in a storage that takes its time and has no lock', async () => {
    const inner = new Map<string, string>()
    const slowly = async <T>(value: T): Promise<T> => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      return value
    }
    const storage = {
      get: (key: string) => slowly(inner.get(key)),
      set: (key: string, value: string) => slowly(inner.set(key, value)),
      delete: (key: string) => slowly(inner.delete(key)),
    }
    const { as, services } = await world({ storage: keyValueStorage(storage) })
    const back = await goThere(as, await services.authorizationUrl('alice'), 'alice')
    const outcomes = await Promise.allSettled([1, 2].map(() => services.completeAuthorization(back)))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(as.recorder.count(({ path }) => path === '/realms/photos/token')).toBe(1)
  })

  test('F-1.3-d: what somebody else began is left for them, and gives the other nothing', async () => {
    const { as, services, another } = await world()
    const back = await goThere(as, await services.authorizationUrl('mallory'), 'alice')
    expect(await failure(services.completeAuthorization(back, 'alice'))).toMatchObject({ code: 'invalid_state' })
    expect(await services.hasPat('alice')).toBe(false)
    expect(as.recorder.count(({ path }) => path === '/realms/photos/token')).toBe(0)
    // Also in another process.
    expect(await another().services.completeAuthorization(back, 'mallory')).toBe('mallory')
  })

  test('F-1.3-d: a state that nobody gave out, none, or several; what is no URL', async () => {
    const { as, services } = await world()
    const back = new URL(await goThere(as, await services.authorizationUrl('alice'), 'alice'))
    const twice = `${back}&state=${back.searchParams.get('state')}`
    const unknown = new URL(back)
    unknown.searchParams.set('state', 'A'.repeat(32))
    const none = new URL(back)
    none.searchParams.delete('state')
    for (const url of [unknown.href, none.href, 'no URL', '', twice]) {
      expect(await failure(services.completeAuthorization(url))).toMatchObject({ code: 'invalid_state' })
    }
    expect(as.recorder.count(({ path }) => path === '/realms/photos/token')).toBe(0)
  })

  test('F-1.3-d: after ten minutes it is too late', async () => {
    const { as, services } = await world()
    const back = await goThere(as, await services.authorizationUrl('alice'), 'alice')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_001 })
    expect(await failure(services.completeAuthorization(back))).toMatchObject({ code: 'invalid_state' })
  })

  test('F-2-b: another issuer’s answer is not believed (RFC 9207), and its code goes nowhere', async () => {
    const { as, services } = await world()
    for (const iss of ['https://as.example', '']) {
      const back = new URL(await goThere(as, await services.authorizationUrl('alice'), 'alice'))
      if (iss) back.searchParams.set('iss', iss)
      else back.searchParams.delete('iss')
      const error = await failure(services.completeAuthorization(back.href))
      expect(error).toMatchObject({ name: 'RedirectError', reason: 'iss' })
      for (const secret of secretsOf(back.href)) expect(said(error)).not.toContain(secret)
    }
    expect(as.recorder.count(({ path }) => path === '/realms/photos/token')).toBe(0)
  })

  test('F-1.3-e: an owner who declines is told so; a code that is no good is a typed error without it', async () => {
    const { as, services } = await world()
    const declined = await goThere(as, await services.authorizationUrl('alice'), 'alice', 'abort')
    expect(await failure(services.completeAuthorization(declined))).toMatchObject({
      name: 'RedirectError',
      reason: 'access_denied',
    })
    const back = new URL(await goThere(as, await services.authorizationUrl('alice'), 'alice'))
    back.searchParams.set('code', 'not-the-code')
    const error = await failure(services.completeAuthorization(back.href))
    expect(error).toMatchObject({ name: 'TokenRequestError', code: 'invalid_grant' })
    expect(said(error)).not.toContain('not-the-code')
    expect(await services.hasPat('alice')).toBe(false)
  })

  test('F-1.3-e: no secret in events', async () => {
    const { as, services, events, storage } = await world()
    const back = await goThere(as, await services.authorizationUrl('alice'), 'alice')
    await services.completeAuthorization(back)
    const { accessToken, refreshToken } = JSON.parse([...storage].find(([key]) => key.includes('pat:'))?.[1] ?? '{}')
    expect(refreshToken).toEqual(expect.any(String))
    for (const secret of [accessToken, refreshToken, 'photos-secret', ...secretsOf(back)]) {
      expect(JSON.stringify(events)).not.toContain(secret)
    }
    // What was kept for the way back is gone.
    expect([...storage.keys()].filter((key) => key.includes('pending:'))).toEqual([])
  })
})
