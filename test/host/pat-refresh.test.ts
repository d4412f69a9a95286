/** An owner's consent (FedAuthz §1.3) survives a refresh that fails, overlaps with another, or is cut short. */
import { describe, expect, test } from 'vitest'
import { none } from '../../src/authorization-server/client-authentication.ts'
import { createServices } from '../../src/host/services.ts'
import type { HostEvent } from '../../src/host/types.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { Answer } from '../helpers/http.ts'
import { failure, said, scripted } from './protection-kit.ts'

type Refresh = (form: URLSearchParams) => Answer | undefined | Promise<Answer>

/** Alice has agreed; her PAT ends at once, so that each use needs a refresh. `refreshed` are the refresh tokens that arrived. */
async function agreed({ storage = keyValueStorage(new Map()), timeout = 2_000 } = {}) {
  const refreshed: string[] = []
  const behaviour: { refresh: Refresh; refused?: string } = { refresh: () => undefined }
  let count = 0
  const token = async ({ body }: { body: string }): Promise<Answer> => {
    const form = new URLSearchParams(body)
    count += 1
    if (form.get('grant_type') === 'refresh_token') {
      refreshed.push(form.get('refresh_token') ?? '')
      const answer = await behaviour.refresh(form)
      if (answer) return answer
    }
    return granted(count)
  }
  const kit = await scripted(
    ({ headers }) => (behaviour.refused === headers.authorization ? { status: 401 } : { status: 200, body: [] }),
    {},
    { token, metadata: { authorization_endpoint: 'https://as.example/authorize' } },
  )
  const events: HostEvent[] = []
  const start = () =>
    createServices({
      issuer: kit.issuer,
      client: { id: 'photos', auth: none() },
      pat: { grant: 'authorization_code', redirectUri: 'https://photos.example/back' },
      storage,
      timeouts: { request: timeout },
      onEvent: (event) => void events.push(event),
    })
  const services = start()
  const agree = async (owner: string, at = services) => {
    const url = new URL(await at.authorizationUrl(owner))
    return at.completeAuthorization(`https://photos.example/back?code=c&state=${url.searchParams.get('state')}`, owner)
  }
  await agree('alice')
  return { ...kit, services, start, agree, refreshed, behaviour, events, storage }
}

const granted = (number: number, more: Record<string, unknown> = {}): Answer => ({
  status: 200,
  body: {
    access_token: `pat-${number}`,
    token_type: 'bearer',
    expires_in: 4,
    refresh_token: `refresh-${number}`,
    ...more,
  },
})

describe('a refresh', () => {
  test('F-1.4-b: one for all who ask at the same time; the refresh token is sent once, then the next one', async () => {
    const { services, refreshed } = await agreed()
    await Promise.all(Array.from({ length: 10 }, () => services.api.list('alice')))
    await services.api.list('alice')
    expect(refreshed).toEqual(['refresh-1', 'refresh-2'])
  })

  test('F-1.4-b: a server that gives no new refresh token means the old one to stay', async () => {
    const { services, refreshed, behaviour } = await agreed()
    behaviour.refresh = () => granted(7, { refresh_token: undefined })
    for (let i = 0; i < 3; i++) await services.api.list('alice')
    expect(refreshed).toEqual(['refresh-1', 'refresh-1', 'refresh-1'])
  })

  test('F-R-i: a PAT that is rejected is refreshed, once for all, though it has not ended', async () => {
    const { services, behaviour, refreshed, events, asked } = await agreed()
    behaviour.refresh = (form) => granted(form.get('refresh_token') === 'refresh-1' ? 7 : 8, { expires_in: 600 })
    await services.api.list('alice')
    behaviour.refused = 'Bearer pat-7'
    await Promise.all(Array.from({ length: 5 }, () => services.api.list('alice')))
    expect(refreshed).toEqual(['refresh-1', 'refresh-7'])
    expect(asked.filter(({ headers }) => headers.authorization === 'Bearer pat-8')).toHaveLength(5)
    expect(events.map(({ type }) => type)).toEqual(['pat-obtained', 'pat-refreshed', 'pat-rejected', 'pat-refreshed'])
  })

  test('F-1.3-d: never one owner’s refresh token for another', async () => {
    const { services, agree, refreshed, asked } = await agreed()
    await agree('bob')
    expect([await services.hasPat('alice'), await services.hasPat('bob'), await services.hasPat('carol')]).toEqual([
      true,
      true,
      false,
    ])
    await services.api.list('bob')
    expect(refreshed).toEqual(['refresh-2'])
    await services.api.list('alice')
    expect(refreshed).toEqual(['refresh-2', 'refresh-1'])
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer pat-3', 'Bearer pat-4'])
  })
})

describe('a refresh that goes wrong', () => {
  test.each<[string, Refresh, string]>([
    ['a time-out', () => new Promise(() => {}), 'timeout'],
    ['503', () => ({ status: 503, body: '<h1>secret-text</h1>' }), 'token_request_failed'],
    ['500 with an error', () => ({ status: 500, body: { error: 'server_error' } }), 'token_request_failed'],
    [
      'temporarily_unavailable',
      () => ({ status: 400, body: { error: 'temporarily_unavailable' } }),
      'temporarily_unavailable',
    ],
    ['HTML with 200', () => ({ status: 200, body: '<h1>secret-text</h1>' }), 'invalid_token_response'],
    ['HTML with 404', () => ({ status: 404, body: '<h1>secret-text</h1>' }), 'invalid_token_response'],
    ['429', () => ({ status: 429, body: { error: 'too_many_requests' } }), 'too_many_requests'],
    ['a redirect', () => ({ status: 302, headers: { location: '/maintenance' } }), 'invalid_token_response'],
    ['server_error', () => ({ status: 400, body: { error: 'server_error' } }), 'server_error'],
    ['a client that is turned away', () => ({ status: 401, body: { error: 'invalid_client' } }), 'invalid_client'],
  ])('F-1.4-b: %s is no refusal: the consent stays, and later it works', async (_, refresh, code) => {
    const { services, behaviour, refreshed } = await agreed({ timeout: 1_500 })
    behaviour.refresh = refresh
    const error = await failure(services.api.list('alice'))
    expect(error.code).toBe(code)
    for (const secret of ['refresh-1', 'pat-1', 'secret-text']) expect(said(error)).not.toContain(secret)
    expect(await services.hasPat('alice')).toBe(true)
    behaviour.refresh = () => undefined
    expect(await services.api.list('alice')).toEqual([])
    expect(refreshed).toEqual(['refresh-1', 'refresh-1'])
  })

  test.each<[string, Answer]>([
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant', error_description: 'secret-text' } }],
    ['unauthorized_client', { status: 400, body: { error: 'unauthorized_client' } }],
    ['400 without a code', { status: 400, body: 'secret-text' }],
    ['401 without a code', { status: 401 }],
    ['403 without a code (SolidLab)', { status: 403, body: { message: 'secret-text' } }],
  ])('F-1.4-b: %s is one: the owner is asked again, and nothing of them is kept', async (_, answer) => {
    const storage = new Map<string, string>()
    const { services, behaviour, refreshed, agree } = await agreed({ storage: keyValueStorage(storage) })
    behaviour.refresh = () => answer
    const error = await failure(services.api.list('alice'))
    expect(error).toMatchObject({ name: 'InteractionRequiredError', code: 'interaction_required' })
    expect(said(error)).not.toContain('secret-text')
    await failure(services.api.list('alice'))
    expect(refreshed).toEqual(['refresh-1'])
    expect(await services.hasPat('alice')).toBe(false)
    expect(JSON.stringify([...storage])).not.toContain('pat-1')
    behaviour.refresh = () => undefined
    await agree('alice')
    expect(await services.api.list('alice')).toEqual([])
  })

  test('F-1.4-b: a process that dies in the middle of it: another does not send the refresh token again', async () => {
    const { services, start, behaviour, refreshed } = await agreed()
    behaviour.refresh = () => new Promise(() => {})
    services.api.list('alice').catch(() => {})
    await expect.poll(() => refreshed).toEqual(['refresh-1'])
    expect((await failure(start().api.list('alice'))).code).toBe('interaction_required')
    expect(refreshed).toEqual(['refresh-1'])
  })

  test('F-1.3-d: an owner who agrees anew while the old refresh is under way: the new consent stays', async () => {
    const { services, behaviour, agree, refreshed } = await agreed()
    let refuse = () => {}
    behaviour.refresh = () =>
      new Promise((resolve) => {
        refuse = () => resolve({ status: 400, body: { error: 'invalid_grant' } })
      })
    const old = failure(services.api.list('alice'))
    await expect.poll(() => refreshed).toHaveLength(1)
    const again = agree('alice')
    await new Promise((resolve) => setTimeout(resolve, 100))
    refuse()
    expect((await old).code).toBe('interaction_required')
    expect(await again).toBe('alice')
    behaviour.refresh = () => undefined
    expect(await services.api.list('alice')).toEqual([])
  })
})
