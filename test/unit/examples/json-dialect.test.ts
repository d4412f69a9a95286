/** The example of a scheme as a table: its requests, and the step after each of the server's outcomes. */
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import type { Scheme } from '../../../src/scheme.ts'
import { defined, factsWith, issuer, playOf, shown } from '../schemes/kit.ts'

// The example imports the package by its name: here its sources.
vi.mock('uma-requester/scheme', () => import('../../../src/scheme.ts'))
const path = '../../../examples/json-dialect.mjs'
const { jsonDialect }: { jsonDialect: Scheme } = await import(path)

const endpoint = `${issuer}/uma`
const play = playOf(jsonDialect, factsWith({ uma_token_uri: endpoint }))

test('the example has fewer than 50 lines', () => {
  const text = readFileSync(new URL(path, import.meta.url), 'utf8')
  expect(text.trimEnd().split('\n').length).toBeLessThan(50)
})

test('its metadata has no token_endpoint', () => {
  const text = JSON.stringify({ issuer, uma_token_uri: endpoint })
  expect(jsonDialect.readMetadata(text, issuer)).toEqual({ issuer, uma_token_uri: endpoint })
  expect(jsonDialect.readMetadata(JSON.stringify({ issuer }), issuer)).toBe('no usable uma_token_uri')
})

test.each([
  ['a ticket', {}, { permissionTicket: 't1' }],
  ['an RPT', { rpt: 'r1' }, { permissionTicket: 't1', currentToken: 'r1' }],
  ['a PCT', { pct: 'p1' }, { permissionTicket: 't1', memory: 'p1' }],
  ['a scope', { scope: 'read write' }, { permissionTicket: 't1', actions: 'read write' }],
  ['a claim', { claim: { token: 'c', format: 'f' } }, { permissionTicket: 't1', proof: { token: 'c', format: 'f' } }],
])('begin with %s', (_what, input, json) => {
  const { state, step } = play.begin({ ticket: 't1' }, input)
  expect(JSON.parse(JSON.stringify(step))).toEqual({ kind: 'ask', endpoint, by: 'client', json })
  expect(defined(state)).toEqual({ sentTicket: 't1' })
})

describe('answer', () => {
  const token = { outcome: 'granted', token: 'r1' }
  const person = { outcome: 'person', nextTicket: 't2', page: `${issuer}/claims` }
  const rejected = { kind: 'denied', error: 'InvalidTokenResponseError invalid_token_response' }
  const grant = { token: 'r1', type: 'bearer' }

  test.each<[string, number, unknown, object, object]>([
    ['granted', 200, token, {}, { kind: 'granted', grant, upgraded: true }],
    ['granted, with a PCT', 200, { ...token, memory: 'p2' }, {}, { kind: 'granted', grant, upgraded: true, pct: 'p2' }],
    ['granted without a token', 200, { outcome: 'granted' }, {}, rejected],
    ['granted, with a token that could split a header', 200, { ...token, token: 'a\r\nb' }, {}, rejected],
    ['person', 200, person, { ticket: 't2' }, { kind: 'claims', requiredClaims: [], redirectUser: `${issuer}/claims` }],
    ['person, with the ticket that was sent', 200, { ...person, nextTicket: 't1' }, {}, rejected],
    ['asked', 202, { outcome: 'asked', nextTicket: 't2', seconds: 5 }, { ticket: 't2' }, { kind: 'wait', seconds: 5 }],
    ['denied', 200, { outcome: 'denied' }, {}, { kind: 'denied', error: 'RequestDeniedError request_denied' }],
    [
      'stale',
      200,
      { outcome: 'stale' },
      {},
      { kind: 'again', without: ['rpt'], drop: false, error: 'TokenRequestError invalid_grant' },
    ],
    ['an unknown outcome', 200, { outcome: 'perhaps', token: 'r1' }, {}, rejected],
    ['the name of a method', 200, { outcome: 'constructor' }, {}, rejected],
    ['no outcome', 200, { token: 'r1' }, {}, rejected],
    ['no JSON', 200, '<html>', {}, rejected],
    ['500', 500, 'oops', {}, rejected],
  ])('%s', (_what, status, body, state, step) => {
    const turn = play.answer({ sentTicket: 't1' }, { status, body })
    expect(defined(turn.state)).toEqual(state)
    expect(JSON.parse(JSON.stringify(shown(turn.step)))).toEqual(step)
  })

  test('a lifetime in seconds', () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const { step } = play.answer({}, { status: 200, body: { ...token, validFor: 60 } })
    vi.useRealTimers()
    expect(step).toMatchObject({ grant: { expiresAt: 1_060_000 } })
  })
})
