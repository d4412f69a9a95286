/** What came back to the redirection URI of UMA 1; `problem` says in our words what is wrong with it. */
export type Uma1Return =
  /** `ticket`: to go on with; only where tickets rotate. */
  | { outcome: 'claims_submitted' | 'need_info' | 'not_authorized' | 'request_submitted'; ticket?: string | undefined }
  | { problem: 'state' | 'repeated' | 'error' | 'ticket' | 'authorization_state'; code?: string }

const outcomes = ['claims_submitted', 'need_info', 'not_authorized', 'request_submitted'] as const

const query = (url: string): URLSearchParams => (URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams())

/** A parameter that must not come twice: once for the whole list. */
const repeats = (parameters: URLSearchParams, names: string[]): boolean =>
  names.some((name) => parameters.getAll(name).length > 1)

/**
 * Reads the way back from a claims endpoint (UMA 1.0.1 §3.6.3): state first, then `error`, then `authorization_state`. A ticket that
 * comes along must be the one that was sent (§7.1); where tickets rotate (claims-sec-1.0), one must come, and it must be another.
 */
export function readUma1Return(url: string, expected: { state: string; ticket: string; rotates: boolean }): Uma1Return {
  const parameters = query(url)
  if (parameters.get('state') !== expected.state) return { problem: 'state' }
  if (repeats(parameters, ['state', 'ticket', 'authorization_state', 'error'])) return { problem: 'repeated' }
  const code = parameters.get('error')
  if (code) return { problem: 'error', code }
  const outcome = outcomes.find((name) => name === parameters.get('authorization_state'))
  if (!outcome) return { problem: 'authorization_state' }
  const ticket = parameters.get('ticket')
  const goesOn = outcome === 'claims_submitted' || outcome === 'need_info'
  if (expected.rotates) {
    if (goesOn && (!ticket || ticket === expected.ticket)) return { problem: 'ticket' }
    return { outcome, ticket: ticket ?? undefined }
  }
  return ticket !== null && ticket !== expected.ticket ? { problem: 'ticket' } : { outcome }
}

/** The outcome that the callback of Puma's requester reports (P-13). */
export type PumaReturn =
  /** `unclear`: `claim_status` says nothing that is known; the resource will tell. */
  { outcome: 'granted' | 'submitted' | 'unclear' } | { problem: 'state' | 'error' | 'parameters'; code?: string }

/**
 * Reads it by what is there, in Puma's order. The managers echo no `state`; ours stands in the query of the redirect URI, and may
 * have been echoed besides.
 */
export function readPumaReturn(url: string, expected: { state: string }): PumaReturn {
  const parameters = query(url)
  const states = parameters.getAll('state')
  if (!states.length || states.some((state) => state !== expected.state)) return { problem: 'state' }
  if (parameters.get('x-oauth_access_granted')) return { outcome: 'granted' }
  if (parameters.get('x-oauth_access_req')) return { outcome: 'submitted' }
  const status = parameters.get('claim_status')
  if (status) return { outcome: /^(ok|success|granted|true|1)$/i.test(status) ? 'granted' : 'unclear' }
  const code = parameters.get('error')
  return code ? { problem: 'error', code } : { problem: 'parameters' }
}
