/** The lines that consoleReporter prints. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { consoleReporter } from '../../src/console.ts'
import type { UmaEvent, UmaEventDetail } from '../../src/events.ts'

const issuer = 'https://as.example.com'
const resource = 'https://photos.example.com/alice/1.jpg'
const host = 'https://photos.example.com'
const at = Date.UTC(2026, 0, 1)
const flow = 2

afterEach(() => vi.restoreAllMocks())

/** The lines for these events. */
function linesOf(...events: UmaEvent[]): string[] {
  const lines: string[] = []
  const report = consoleReporter({ console: { log: (line) => lines.push(line) } })
  for (const event of events) report(event)
  return lines
}

const event = (detail: UmaEventDetail, facts: Partial<UmaEvent> = {}): UmaEvent =>
  ({ at, requestingParty: 'alice', request: 1, ...detail, ...facts }) as UmaEvent

/** Each event, and the sentence for it. The key is the type, or the type and a case of it. */
const rows: Record<UmaEventDetail['type'] | `${UmaEventDetail['type']}, ${string}`, [UmaEventDetail, string]> = {
  challenge: [
    { type: 'challenge', resource, method: 'GET', status: 401, issuer },
    `The host answered GET ${resource} with 401 and names ${issuer}.`,
  ],
  'challenge-refused': [
    { type: 'challenge-refused', resource, issuer, reason: 'host' },
    `The challenge of ${resource} names ${issuer} and was refused (host).`,
  ],
  'challenge-unreadable': [
    { type: 'challenge-unreadable', resource, hint: 'expose WWW-Authenticate' },
    `The challenge of ${resource} cannot be read: expose WWW-Authenticate`,
  ],
  'no-challenge': [
    { type: 'no-challenge', resource, method: 'GET', status: 403, hint: 'the host may want a token first' },
    `The host answered GET ${resource} with 403 and no challenge: the host may want a token first`,
  ],
  'authorization-server-unreachable': [
    { type: 'authorization-server-unreachable', resource },
    `The host of ${resource} cannot reach its authorization server.`,
  ],
  'flow-started': [
    { type: 'flow-started', flow, resource, method: 'PUT', issuer },
    `A flow at ${issuer} started for PUT ${resource}.`,
  ],
  discovery: [
    { type: 'discovery', issuer, url: `${issuer}/.well-known/uma2-configuration` },
    `The metadata of ${issuer} was requested from ${issuer}/.well-known/uma2-configuration.`,
  ],
  'token-request': [
    { type: 'token-request', flow, issuer, rpt: false, pct: false, claim: false },
    `A token was requested from ${issuer}.`,
  ],
  'token-request, with all': [
    { type: 'token-request', flow, issuer, rpt: true, pct: true, claim: true },
    `A token was requested from ${issuer} with an RPT and a PCT and a claim.`,
  ],
  'token-answer': [
    { type: 'token-answer', flow, issuer, step: 'issued' },
    `${issuer} answered the token request; the next step is "issued".`,
  ],
  'rpt-stored': [
    { type: 'rpt-stored', flow, issuer, host, upgraded: false },
    `An RPT of ${issuer} for ${host} was stored.`,
  ],
  'rpt-stored, upgraded': [
    { type: 'rpt-stored', flow, issuer, host, upgraded: true },
    `An RPT of ${issuer} for ${host} was stored; it is an upgrade.`,
  ],
  'rpt-refreshed': [{ type: 'rpt-refreshed', issuer, host }, `An RPT of ${issuer} for ${host} was refreshed.`],
  'rpt-dropped': [
    { type: 'rpt-dropped', issuer, host, reason: 'stale' },
    `An RPT of ${issuer} for ${host} was dropped (stale).`,
  ],
  redirect: [{ type: 'redirect', flow, issuer }, `The person is sent to ${issuer}.`],
  'redirect-returned': [{ type: 'redirect-returned', flow, issuer }, `The person came back from ${issuer}.`],
  waiting: [{ type: 'waiting', flow, issuer, seconds: 5 }, `The flow waits 5 s before it asks ${issuer} again.`],
  resend: [
    { type: 'resend', resource, method: 'GET', rpt: true, reason: 'granted' },
    `GET ${resource} is sent again with an RPT (granted).`,
  ],
  'resend, without an RPT': [
    { type: 'resend', resource, method: 'GET', rpt: false, reason: 'stale' },
    `GET ${resource} is sent again without an RPT (stale).`,
  ],
  'flow-ended': [
    { type: 'flow-ended', flow, issuer, outcome: 'granted' },
    `The flow at ${issuer} ended: access granted.`,
  ],
  'flow-ended, failed': [
    { type: 'flow-ended', flow, issuer, outcome: 'failed', code: 'need_info' },
    `The flow at ${issuer} failed (need_info).`,
  ],
  'flow-ended, failed without a code': [
    { type: 'flow-ended', flow, issuer, outcome: 'failed' },
    `The flow at ${issuer} failed.`,
  ],
  'client-registered': [{ type: 'client-registered', issuer }, `The client was registered at ${issuer}.`],
  'signed-in': [{ type: 'signed-in', issuer }, `The requesting party signed in at ${issuer}.`],
  'sign-in-refreshed': [{ type: 'sign-in-refreshed', issuer }, `The sign-in at ${issuer} was refreshed.`],
  'sign-in-dropped': [{ type: 'sign-in-dropped', issuer }, `The sign-in at ${issuer} was dropped.`],
  'revocation-failed': [{ type: 'revocation-failed', issuer }, `A token could not be revoked at ${issuer}.`],
  'storage-failed': [{ type: 'storage-failed', operation: 'get' }, 'The storage failed (get).'],
  'record-dropped': [{ type: 'record-dropped', host }, `A stored record for ${host} was not usable and was dropped.`],
}

test.each(Object.entries(rows))('%s', (key, [detail, sentence]) => {
  expect(key.split(',')[0]).toBe(detail.type)
  const numbers = 'flow' in detail ? 'request 1, flow 2' : 'request 1'
  expect(linesOf(event(detail))).toEqual([`uma ${numbers}, 0.000 s: ${sentence}`])
})

describe('numbers', () => {
  test('seconds count from the first event of the same request', () => {
    const signedIn: UmaEventDetail = { type: 'signed-in', issuer }
    const lines = linesOf(
      event(signedIn, { request: 1, at }),
      event(signedIn, { request: 2, at: at + 500 }),
      event(signedIn, { request: 1, at: at + 1234 }),
      event(signedIn, { request: 2, at: at + 1500 }),
    )
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'uma request 1, 0.000 s',
      'uma request 2, 0.000 s',
      'uma request 1, 1.234 s',
      'uma request 2, 1.000 s',
    ])
  })

  test('an event that belongs to no request has no numbers', () => {
    const detail: UmaEventDetail = { type: 'storage-failed', operation: 'set' }
    expect(linesOf(event(detail, { request: undefined }))).toEqual(['uma: The storage failed (set).'])
    const redirect: UmaEventDetail = { type: 'redirect', flow, issuer }
    expect(linesOf(event(redirect, { request: undefined }))).toEqual([`uma flow 2: The person is sent to ${issuer}.`])
  })

  test('only the last 1000 requests are remembered', () => {
    const detail: UmaEventDetail = { type: 'signed-in', issuer }
    const many = Array.from({ length: 1001 }, (_, request) => event(detail, { request, at }))
    const lines = linesOf(
      ...many,
      event(detail, { request: 1000, at: at + 1000 }),
      event(detail, { request: 0, at: at + 1000 }),
    )
    expect(lines.slice(-2).map((line) => line.split(':')[0])).toEqual([
      'uma request 1000, 1.000 s',
      'uma request 0, 0.000 s',
    ])
  })
})

test('an issuer that a host made up prints one line and controls no terminal', () => {
  const made = 'https://x\n\u001b[2J\u2028\u202e'
  const [line = '', ...more] = linesOf(event({ type: 'challenge-refused', resource, issuer: made, reason: 'issuer' }))
  expect(more).toEqual([])
  expect(line).toContain('https://x\u{FFFD}\u{FFFD}[2J\u{FFFD}\u{FFFD} and was refused')
})

test('an event of a later version prints its type', () => {
  expect(linesOf({ ...event({ type: 'signed-in', issuer }), type: 'new-event' } as unknown as UmaEvent)).toEqual([
    'uma request 1, 0.000 s: new-event',
  ])
})

test('the global console is the default, looked up for each event', () => {
  const report = consoleReporter()
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  report(event({ type: 'signed-in', issuer }))
  expect(log).toHaveBeenCalledExactlyOnceWith(`uma request 1, 0.000 s: The requesting party signed in at ${issuer}.`)
})
