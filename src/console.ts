/**
 * Prints events readably.
 *
 * @module
 */
import type { UmaEvent } from './events.ts'

/** Options of `consoleReporter`. */
export interface ConsoleReporterOptions {
  /** Receives one line for each event. @default the global `console` */
  console?: { log(line: string): unknown }
}

type EventOf<Type extends UmaEvent['type']> = UmaEvent & { type: Type }
type Sentences = { [Type in UmaEvent['type']]: (event: EventOf<Type>) => string }

/** The reporter remembers the first event of this many requests. */
const maxRequests = 1000

/**
 * Returns a listener for `onEvent` that prints each event as one line: the number of the request, the number of the flow,
 * the seconds since the first event of that request, and a sentence. Events carry no secrets, so lines carry none.
 *
 * @example
 * createRequester({ authorizationServers, onEvent: consoleReporter() })
 * // uma request 1, 0.000 s: The host answered GET https://photos.example.com/alice/1.jpg with 401 …
 */
export function consoleReporter(options: ConsoleReporterOptions = {}): (event: UmaEvent) => void {
  const firstEvents = new Map<number, number>()
  return (event) => {
    const line = `uma${numbersOf(event)}${secondsOf(event, firstEvents)}: ${sentenceOf(event)}`
    const target = options.console ?? globalThis.console
    target.log(printable(line))
  }
}

function numbersOf(event: UmaEvent): string {
  const request = event.request === undefined ? [] : [`request ${event.request}`]
  const flow = 'flow' in event ? [`flow ${event.flow}`] : []
  const numbers = [...request, ...flow].join(', ')
  return numbers && ` ${numbers}`
}

/** The seconds since the first event of the same request; empty if the event belongs to no request. */
function secondsOf({ request, at }: UmaEvent, firstEvents: Map<number, number>): string {
  if (request === undefined) return ''
  const first = firstEvents.get(request) ?? at
  firstEvents.set(request, first)
  if (firstEvents.size > maxRequests) firstEvents.delete(firstEvents.keys().next().value as number)
  return `, ${((at - first) / 1000).toFixed(3)} s`
}

/** An issuer that a host names can contain anything. It must not write a second line, or move the cursor. */
const printable = (line: string): string => line.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')

function sentenceOf<Type extends UmaEvent['type']>(event: EventOf<Type>): string {
  const sentence = (sentences as Sentences)[event.type] as ((event: EventOf<Type>) => string) | undefined
  return sentence?.(event) ?? event.type
}

const sentences: Sentences = {
  challenge: ({ method, resource, status, issuer }) =>
    `The host answered ${method} ${resource} with ${status} and names ${issuer}.`,
  'challenge-refused': ({ resource, issuer, reason }) =>
    `The challenge of ${resource} names ${issuer} and was refused (${reason}).`,
  'challenge-unreadable': ({ resource, hint }) => `The challenge of ${resource} cannot be read: ${hint}`,
  'no-challenge': ({ method, resource, status, hint }) =>
    `The host answered ${method} ${resource} with ${status} and no challenge: ${hint}`,
  'authorization-server-unreachable': ({ resource }) =>
    `The host of ${resource} cannot reach its authorization server.`,
  'flow-started': ({ method, resource, issuer }) => `A flow at ${issuer} started for ${method} ${resource}.`,
  discovery: ({ issuer, url }) => `The metadata of ${issuer} was requested from ${url}.`,
  'token-request': ({ issuer, ...sent }) => `A token was requested from ${issuer}${enclosed(sent)}.`,
  'token-answer': ({ issuer, step }) => `${issuer} answered the token request; the next step is "${step}".`,
  'rpt-stored': ({ issuer, host, upgraded }) =>
    `An RPT of ${issuer} for ${host} was stored${upgraded ? '; it is an upgrade' : ''}.`,
  'rpt-refreshed': ({ issuer, host }) => `An RPT of ${issuer} for ${host} was refreshed.`,
  'rpt-dropped': ({ issuer, host, reason }) => `An RPT of ${issuer} for ${host} was dropped (${reason}).`,
  redirect: ({ issuer }) => `The person is sent to ${issuer}.`,
  'redirect-returned': ({ issuer }) => `The person came back from ${issuer}.`,
  waiting: ({ issuer, seconds }) => `The flow waits ${seconds} s before it asks ${issuer} again.`,
  resend: ({ method, resource, rpt, reason }) =>
    `${method} ${resource} is sent again ${rpt ? 'with an RPT' : 'without an RPT'} (${reason}).`,
  'flow-ended': ({ issuer, outcome, code }) =>
    outcome === 'granted'
      ? `The flow at ${issuer} ended: access granted.`
      : `The flow at ${issuer} failed${inBrackets(code)}.`,
  'client-registered': ({ issuer }) => `The client was registered at ${issuer}.`,
  'signed-in': ({ issuer }) => `The requesting party signed in at ${issuer}.`,
  'sign-in-refreshed': ({ issuer }) => `The sign-in at ${issuer} was refreshed.`,
  'sign-in-dropped': ({ issuer }) => `The sign-in at ${issuer} was dropped.`,
  'revocation-failed': ({ issuer }) => `A token could not be revoked at ${issuer}.`,
  'storage-failed': ({ operation }) => `The storage failed (${operation}).`,
  'record-dropped': ({ host }) => `A stored record for ${host} was not usable and was dropped.`,
}

/** The parts that went with a token request, in words. */
function enclosed({ rpt, pct, claim }: Pick<EventOf<'token-request'>, 'rpt' | 'pct' | 'claim'>): string {
  const parts = [rpt && 'an RPT', pct && 'a PCT', claim && 'a claim'].filter(Boolean)
  return parts.length > 0 ? ` with ${parts.join(' and ')}` : ''
}

const inBrackets = (code: string | undefined): string => (code ? ` (${code})` : '')
