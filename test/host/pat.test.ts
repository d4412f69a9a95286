/** PATs by client credentials, for a host that is the owner itself (FedAuthz §1.3). */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientSecretBasic } from '../../src/authorization-server/client-authentication.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import type { RequesterStorage } from '../../src/storage/storage.ts'
import { resourceServerClient } from '../helpers/authorization-server.ts'
import { type Asked, atServer, failure, said, scripted, servicesAt } from './protection-kit.ts'

const list = () => ({ status: 200, body: [] })
const pat = (number: number, more: Record<string, unknown> = {}) => ({
  status: 200,
  body: { access_token: `pat-${number}`, token_type: 'Bearer', ...more },
})
const formOf = ({ body }: Asked) => Object.fromEntries(new URLSearchParams(body))
const grantsOf = (forms: Record<string, string>[]) => forms.map((form) => form.grant_type)

/** Answers token requests by their number and form; `forms` is what was asked. */
async function tokens(
  answer: (form: Record<string, string>, number: number) => { status: number; body?: unknown },
  options: Parameters<typeof scripted>[1] = {},
  script: Parameters<typeof scripted>[0] = list,
) {
  const forms: Record<string, string>[] = []
  const token = (asked: Asked) => answer(formOf(asked), forms.push(formOf(asked)))
  return { forms, ...(await scripted(script, options, { token })) }
}

/** A storage that several processes lock, as each of them sees it. */
async function shared(): Promise<() => RequesterStorage> {
  const directory = await mkdtemp(join(tmpdir(), 'uma-pat-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return () => {
    const storage = sqliteStorage({ path: join(directory, 'host.db') })
    onTestFinished(storage.close)
    return storage
  }
}

describe('one PAT, whoever asks', () => {
  test('F-1.3-c, F-1.3-e, F-2-a: asked for with the scope uma_protection, by client authentication, at the token endpoint of the metadata', async () => {
    const { as, api } = await atServer({ path: '/realms/photos' })
    await api.list('alice')
    const [request] = as.recorder.requests.filter(({ path }) => path === '/realms/photos/token')
    expect(Object.fromEntries(new URLSearchParams(`${request?.body}`))).toEqual({
      grant_type: 'client_credentials',
      scope: 'uma_protection',
    })
    // Form-encoded first (RFC 6749 §2.3.1).
    expect(request?.headers.authorization).toBe(`Basic ${btoa('rs:rs%2Dsecret')}`)
  })

  test('F-1.3-b, F-1.3-e: the client is the owner: one PAT for all, sent as Bearer, asked for once by many at once', async () => {
    const { as, api, services, events } = await atServer()
    await Promise.all(Array.from({ length: 20 }, (_, i) => api.list(`owner-${i}`)))
    const sent = as.recorder.requests
      .filter(({ path }) => path === '/rreg/')
      .map(({ headers }) => headers.authorization)
    expect(sent).toHaveLength(20)
    expect(new Set(sent).size).toBe(1)
    expect(sent[0]).toMatch(/^Bearer \S+$/)
    expect(as.stats.patRequests).toBe(1)
    expect(events.map(({ type }) => type)).toEqual(['pat-obtained'])
    expect(await services.hasPat('anybody')).toBe(true)
    expect(await failure(services.authorizationUrl('alice'))).toBeInstanceOf(TypeError)
  })

  test('F-1.3-c: a scope of one’s own', async () => {
    const scope = 'uma_protection offline_access'
    const { services, forms } = await tokens((_, number) => pat(number), {
      pat: { grant: 'client_credentials', scope },
    })
    await services.api.list('alice')
    expect(forms[0]?.scope).toBe(scope)
  })

  test('F-1.3-a: replaced shortly before its end; one without an end is kept', async () => {
    const short = await tokens((_, number) => pat(number, { expires_in: number === 1 ? 4 : 600 }))
    for (let i = 0; i < 3; i++) await short.services.api.list('alice')
    expect(short.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer pat-1',
      'Bearer pat-2',
      'Bearer pat-2',
    ])
    const endless = await tokens((_, number) => pat(number))
    for (let i = 0; i < 3; i++) await endless.services.api.list('alice')
    expect(endless.forms).toHaveLength(1)
  })

  test('F-1.4-b: refreshed where the server gave a refresh token, with 201 too (SolidLab); where that is refused, asked for anew', async () => {
    const { services, forms, events } = await tokens((form, number) => {
      if (form.refresh_token === 'refresh-2') return { status: 403, body: { status: 403, message: 'expired' } }
      return { ...pat(number, { expires_in: 4, refresh_token: `refresh-${number}` }), status: 201 }
    })
    for (let i = 0; i < 3; i++) await services.api.list('alice')
    expect(grantsOf(forms)).toEqual(['client_credentials', 'refresh_token', 'refresh_token', 'client_credentials'])
    expect(forms.map((form) => form.refresh_token)).toEqual([undefined, 'refresh-1', 'refresh-2', undefined])
    expect(events.map(({ type }) => type)).toEqual(['pat-obtained', 'pat-refreshed', 'pat-obtained'])
  })
})

describe('a PAT that is not taken any more', () => {
  test('F-R-i: is replaced once for all who were turned away, and their calls are sent again', async () => {
    const { services, forms, events, asked } = await tokens(
      (_, number) => pat(number, { expires_in: 600 }),
      {},
      ({ headers }) =>
        headers.authorization === 'Bearer pat-1' ? { status: 401, body: { error: 'invalid_token' } } : list(),
    )
    await Promise.all(Array.from({ length: 20 }, () => services.api.list('alice')))
    expect(forms).toHaveLength(2)
    expect(asked.filter(({ headers }) => headers.authorization === 'Bearer pat-2')).toHaveLength(20)
    expect(events.map(({ type }) => type)).toEqual(['pat-obtained', 'pat-rejected', 'pat-obtained'])
  })

  test('F-R-i: a server that takes none is not asked for ever: two calls, two PATs, a typed error without any of them', async () => {
    const { services, forms, asked } = await tokens(
      (_, number) => pat(number),
      {},
      () => ({ status: 401 }),
    )
    const error = await failure(services.api.create('alice', { resource_scopes: ['read'] }))
    expect(error).toMatchObject({ name: 'ProtectionApiError', status: 401 })
    expect([forms.length, asked.length]).toEqual([2, 2])
    expect(asked[1]?.body).toBe(asked[0]?.body)
    for (const secret of ['pat-1', 'pat-2', 'rs-secret']) expect(said(error)).not.toContain(secret)
  })

  test('F-R-i: what lies in the storage is not taken for good again', async () => {
    const storage = new Map<string, string>()
    const refused = new Set<string>()
    const { services, asked, issuer } = await tokens(
      (_, number) => pat(number),
      { storage: keyValueStorage(storage) },
      ({ headers }) => (refused.has(`${headers.authorization}`) ? { status: 401 } : list()),
    )
    await services.api.list('alice')
    refused.add('Bearer pat-1')
    await servicesAt(issuer, { storage: keyValueStorage(storage) }).services.api.list('alice')
    await services.api.list('alice')
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer pat-1',
      'Bearer pat-1',
      'Bearer pat-2',
      'Bearer pat-1',
      'Bearer pat-2',
    ])
  })
})

describe('several processes', () => {
  test('F-1.3-d: with a lock they share one PAT, where a second one would end the first', async () => {
    const storage = await shared()
    const { as } = await atServer({ quirks: { onePatPerClient: true } })
    const hosts = Array.from({ length: 4 }, () => servicesAt(as.issuer, { storage: storage() }))
    await Promise.all(hosts.flatMap(({ services }) => Array.from({ length: 5 }, () => services.api.list('alice'))))
    expect(as.stats.patRequests).toBe(1)
    expect(as.recorder.count(({ status }) => status === 401)).toBe(0)
    // One that comes later finds it, too.
    await servicesAt(as.issuer, { storage: storage() }).services.api.list('alice')
    expect(as.stats.patRequests).toBe(1)
  })

  test('F-R-i: without a lock one ends the other’s PAT; that one then takes what lies in the storage', async () => {
    const storage = new Map<string, string>()
    const { as } = await atServer({ quirks: { onePatPerClient: true } })
    const [one, other] = [
      servicesAt(as.issuer, { storage: keyValueStorage(storage) }),
      servicesAt(as.issuer, { storage: keyValueStorage(storage) }),
    ]
    await Promise.all([one, other].map(({ services }) => services.api.list('alice')))
    for (let i = 0; i < 3; i++) for (const { services } of [one, other]) await services.api.list('alice')
    expect(as.stats.patRequests).toBeLessThanOrEqual(2)
    expect(as.recorder.count(({ status }) => status === 401)).toBeLessThanOrEqual(1)
  })

  test('F-1.3-d: two hosts on one storage that are different clients never send one another’s PAT', async () => {
    const storage = new Map<string, string>()
    const { as } = await atServer({ clients: [resourceServerClient('rs2', 'rs2-secret')] })
    const one = servicesAt(as.issuer, { storage: keyValueStorage(storage) }).services.api
    const other = servicesAt(as.issuer, {
      storage: keyValueStorage(storage),
      client: { id: 'rs2', auth: clientSecretBasic('rs2-secret') },
    }).services.api
    const { id } = await one.create('alice', { resource_scopes: ['read'] })
    expect(await other.list('alice')).toEqual([])
    expect((await failure(other.read('alice', id))).status).toBe(404)
    expect(await one.list('alice')).toEqual([id])
  })
})

describe('what goes wrong', () => {
  test.each([
    [
      'invalid_client',
      { status: 401, body: { error: 'invalid_client', error_description: 'secret-text' } },
      'TokenRequestError',
      'invalid_client',
    ],
    [
      'a refusal without a code (SolidLab)',
      { status: 403, body: { message: 'secret-text' } },
      'TokenRequestError',
      'request_denied',
    ],
    ['HTML', { status: 200, body: '<h1>secret-text</h1>' }, 'InvalidTokenResponseError', 'invalid_token_response'],
    ['500', { status: 500, body: 'secret-text' }, 'InvalidTokenResponseError', 'invalid_token_response'],
    [
      'another type of token',
      pat(1, { token_type: 'MAC', mac_key: 'secret-text' }),
      'InvalidTokenResponseError',
      'invalid_token_response',
    ],
    [
      'a token that would split a header',
      pat(1, { access_token: 'secret-text\r\nx: y' }),
      'InvalidTokenResponseError',
      'invalid_token_response',
    ],
  ])('F-1.3-a: %s is a typed error that tells no secret, and is not remembered', async (_, answer, name, code) => {
    const { services } = await tokens((_form, number) => (number === 1 ? answer : pat(number)))
    const error = await failure(services.api.list('alice'))
    expect(error).toMatchObject({ name, code })
    for (const secret of ['secret-text', 'rs-secret', btoa('rs:rs%2Dsecret')]) expect(said(error)).not.toContain(secret)
    expect(await services.api.list('alice')).toEqual([])
  })

  test('F-2-b: metadata of another issuer is not believed, and gets no credentials', async () => {
    const { services, recorder } = await scripted(list, {}, { metadata: { issuer: 'https://as.example' } })
    expect(await failure(services.api.list('alice'))).toMatchObject({
      name: 'DiscoveryError',
      code: 'discovery_failed',
    })
    expect(recorder.count(({ method }) => method === 'POST')).toBe(0)
  })

  test('F-2-b: metadata that differs by a final slash is believed only where that is tolerated', async () => {
    const { as, api } = await atServer({ quirks: { issuerTrailingSlash: true } })
    expect(await api.list('alice')).toEqual([])
    const issuer = as.issuer.replace(/\/$/, '')
    expect(await failure(servicesAt(issuer).services.api.list('alice'))).toMatchObject({ name: 'DiscoveryError' })
    const { services } = servicesAt(issuer, { tolerateTrailingSlash: true })
    expect(await services.api.list('alice')).toEqual([])
  })
})
