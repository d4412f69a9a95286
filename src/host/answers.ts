import { serialiseChallenge } from '../protocol/http/www-authenticate.ts'
import type { HostOptions } from './types.ts'

/** An answer of the warden's own. A name that occurs twice is two lines, in this order. */
export interface Answer {
  status: number
  headers: [name: string, value: string][]
  body: string
}

function answer(status: number, error: string, description: string, headers: [string, string][] = []): Answer {
  return {
    status,
    headers: [...headers, ['Cache-Control', 'no-store'], ['Content-Type', 'application/json']],
    body: JSON.stringify({ error, error_description: description }),
  }
}

const exposed: [string, string] = ['Access-Control-Expose-Headers', 'WWW-Authenticate, Warning']

/** What is wrong with the RPT that was presented, if one was. */
export type Fault = 'invalid_token' | 'insufficient_scope'

/**
 * 401 with a fresh ticket (Grant §3.2.1). The UMA challenge is first and has a line of its own; what is wrong with the token that
 * was presented is said in a second one (RFC 6750 §3), where lines can be kept apart, and in the body.
 *
 * @throws TypeError if something cannot stand in a header
 */
export function challenge(facts: { issuer: string; ticket: string; realm: string; fault?: Fault | undefined }): Answer {
  const { issuer, ticket, realm, fault } = facts
  const params = { realm, as_uri: issuer, ticket }
  const lines: [string, string][] = [['WWW-Authenticate', serialiseChallenge('UMA', params)]]
  if (fault) lines.push(['WWW-Authenticate', serialiseChallenge('Bearer', { error: fault })])
  const what = fault === 'invalid_token' ? 'The token is not valid.' : 'This needs a permission.'
  return answer(401, fault ?? 'permission_needed', what, [...lines, exposed])
}

/** 403: no ticket could be had (Grant §3.2.2). */
export const unreachable = (): Answer =>
  answer(403, 'forbidden', 'The authorization server cannot be asked now.', [
    ['Warning', '199 - "UMA Authorization Server Unreachable"'],
    exposed,
  ])

/** 403: nothing is to be had here, with whatever token. */
export const forbidden = (message = 'This is not to be had.'): Answer => answer(403, 'forbidden', message)

/** 400: the request can be read in more than one way. */
export const ambiguous = (reason: string): Answer =>
  answer(400, 'invalid_request', `The request can be read in more than one way: ${reason}.`)

/** 421 (RFC 9110 §15.5.20): the request is for a host that this is not. */
export const misdirected = (): Answer => answer(421, 'invalid_request', 'This is another host.')

/** 204 to an OPTIONS request without a permission: nothing about the resource. */
export const nothing = (): Answer => ({ status: 204, headers: [], body: '' })

/** 204 to a browser that asks first. */
export function preflight(cors: NonNullable<HostOptions['cors']>, asked: string | null | undefined): Answer {
  const methods = cors.methods ?? ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  const headers: [string, string][] = [['Access-Control-Allow-Methods', methods.join(', ')]]
  // Told as they were asked for: what they may do is the permission's affair.
  const allowed = cors.headers?.join(', ') ?? asked
  if (allowed) headers.push(['Access-Control-Allow-Headers', allowed])
  headers.push(['Vary', 'Access-Control-Request-Headers'])
  return { status: 204, headers, body: '' }
}

/** What an origin is told on every answer, the handler's own too. */
export function corsHeaders(cors: HostOptions['cors'], origin: string | null | undefined): [string, string][] {
  if (!cors || !origin) return []
  if (cors.origins === '*') return [['Access-Control-Allow-Origin', '*'], exposed]
  const vary: [string, string] = ['Vary', 'Origin']
  return cors.origins.includes(origin) ? [['Access-Control-Allow-Origin', origin], exposed, vary] : [vary]
}
