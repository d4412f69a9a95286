/** The part of a token answer that is kept. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { toGrant } from '../../../src/protocol/oauth/grant.ts'
import type { GrantedAnswer } from '../../../src/protocol/oauth/token-answer.ts'

const now = 1_700_000_000_000
const jwt = (payload: object): string => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.s`
const answer = (more: Partial<GrantedAnswer>): GrantedAnswer => ({
  kind: 'granted',
  token: 'rpt1',
  type: 'bearer',
  expiresIn: undefined,
  refreshToken: undefined,
  pct: undefined,
  upgraded: false,
  ...more,
})

beforeEach(() => {
  vi.useFakeTimers({ now })
})
afterEach(() => {
  vi.useRealTimers()
})

test.each<[string, Partial<GrantedAnswer>, number | undefined]>([
  ['no lifetime', {}, undefined],
  ['expires_in', { expiresIn: 60 }, now + 60_000],
  ['a JWT', { token: jwt({ exp: 1_800_000_000 }) }, 1_800_000_000_000],
  ['a JWT without exp', { token: jwt({}) }, undefined],
  ['expires_in counts more than the JWT', { expiresIn: 60, token: jwt({ exp: 1_800_000_000 }) }, now + 60_000],
])('%s', (_what, more, expiresAt) => {
  const given = answer(more)
  expect(toGrant(given)).toEqual({ token: given.token, type: 'bearer', refreshToken: undefined, expiresAt })
})

test('the refresh token is kept; PCT and upgraded are not', () => {
  const grant = toGrant(answer({ refreshToken: 'r1', pct: 'p1', upgraded: true }))
  expect(Object.keys(grant).sort()).toEqual(['expiresAt', 'refreshToken', 'token', 'type'])
  expect(grant.refreshToken).toBe('r1')
})
