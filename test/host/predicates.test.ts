import { describe, expect, test } from 'vitest'
import { isUmaError } from '../../src/errors/index.ts'
import { guardFetch } from '../../src/host/guard.ts'
import {
  all,
  any,
  demand,
  ForbiddenError,
  hasPermission,
  isClient,
  isPerson,
  isRequestingParty,
  not,
} from '../../src/host/predicates.ts'
import type { Access, RptFacts } from '../../src/host/types.ts'
import type { GuardOptions } from '../../src/host/warden.ts'
import { ask, statusOf, wardenKit } from './warden-kit.ts'

const access = (rpt: Partial<RptFacts> = {}): Access => ({
  resource: { id: 'r', pattern: '/r', owner: 'alice', scopes: ['read'], description: { resource_scopes: ['read'] } },
  scopes: ['read'],
  rpt: { permissions: [{ resource_id: 'r', resource_scopes: ['read'] }], claims: {}, ...rpt },
})
const yes = () => true
const no = () => false

describe('who asks', () => {
  test('the client', () => {
    expect(isClient()(access())).toBe(false)
    expect(isClient()(access({ clientId: 'spa' }))).toBe(true)
    expect(isClient('spa')(access({ clientId: 'spa' }))).toBe(true)
    expect(isClient('spa')(access({ clientId: 'other' }))).toBe(false)
  })

  test('the requesting party', () => {
    expect(isRequestingParty()(access())).toBe(false)
    expect(isRequestingParty('bob')(access({ subject: 'bob' }))).toBe(true)
    expect(isRequestingParty('bob')(access({ subject: 'carol' }))).toBe(false)
  })

  test.each([
    ['nobody is named', {}, false],
    ['a client alone', { clientId: 'spa' }, false],
    ['the client itself', { clientId: 'spa', subject: 'spa' }, false],
    ['a service account', { clientId: 'spa', subject: 'uuid', username: 'service-account-spa' }, false],
    ['a service account by its name', { clientId: 'spa', subject: 'service-account-spa' }, false],
    ['a person', { clientId: 'spa', subject: 'bob' }, true],
  ])('a person stands behind the client: %s', (_, rpt, expected) => {
    expect(isPerson()(access(rpt))).toBe(expected)
  })

  test('what else the RPT permits', () => {
    const rpt = {
      permissions: [...access().rpt.permissions, { resource_id: 's', resource_scopes: ['print'], exp: 4e9 }],
    }
    expect(hasPermission('read')(access())).toBe(true)
    expect(hasPermission(['read', 'print'])(access(rpt))).toBe(false)
    expect(hasPermission('print', 's')(access(rpt))).toBe(true)
    expect(hasPermission('read')(access({ exp: 1 }))).toBe(false)
  })

  test('together', () => {
    expect([all(yes, yes), all(yes, no), any(no, yes), any(no, no), not(no)].map((it) => it(access()))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ])
  })
})

describe('what is asked for', () => {
  test('goes on with the access, or refuses', () => {
    const it = access()
    expect(demand(it, yes)).toBe(it)
    expect(() => demand(it, no)).toThrow(ForbiddenError)
    expect(() => demand(undefined, yes)).toThrow(ForbiddenError)
    try {
      demand(it, no, 'Only for Bob.')
    } catch (error) {
      expect(isUmaError(error, 'forbidden')).toBe(true)
      expect(error).toMatchObject({ status: 403, message: 'Only for Bob.' })
    }
  })

  test('a guarded fetch handler answers with it', async () => {
    const judge = () => ({ access: access(), headers: [] })
    const handler = guardFetch(
      judge,
      (_request: Request) => new Response(String(demand(access(), no, 'Only for Bob.'))),
    )
    const answer = await handler(new Request('http://photos.example/r'))
    expect(answer.status).toBe(403)
    expect(await answer.json()).toEqual({ error: 'forbidden', error_description: 'Only for Bob.' })
    const broken = guardFetch(judge, () => Promise.reject(new RangeError('a bug')))
    await expect(broken(new Request('http://photos.example/r'))).rejects.toThrow(RangeError)
  })
})

const target = '/alice/1.jpg'
type When = NonNullable<GuardOptions['when']>

test.each<[string, When, number, string?]>([
  ['true', () => true, 200],
  ['true, later', async () => true, 200],
  ['false', () => false, 403, 'predicate'],
  ['false, later', async () => false, 403, 'predicate'],
  ['what is only like true', (() => 'yes') as never, 403, 'predicate'],
  ['what is only like true, later', (async () => 1) as never, 403, 'predicate'],
  [
    'an error',
    () => {
      throw new Error('a bug')
    },
    403,
    'predicate failed',
  ],
  ['an error, later', () => Promise.reject(new Error('a bug')), 403, 'predicate failed'],
])('F-1.4-a: the `when` of a guard says %s', async (_, when, status, reason) => {
  const kit = wardenKit()
  await kit.protect(target)
  const token = kit.token(target)
  // Introspected, and then known.
  for (let i = 0; i < 2; i++) expect(statusOf(await ask(kit.judge, { target, token }, { when }))).toBe(status)
  const refusals = kit.events.flatMap((event) => (event.type === 'refused' ? event.reason : []))
  expect(refusals).toEqual(reason ? [reason, reason] : [])
})

test('F-1.4-a: a `when` that never says anything lets nobody in', async () => {
  const kit = wardenKit({ timeouts: { decision: 50 } })
  await kit.protect(target)
  const when = () => new Promise<boolean>(() => {})
  expect(statusOf(await ask(kit.judge, { target, token: kit.token(target) }, { when }))).toBe(403)
})
