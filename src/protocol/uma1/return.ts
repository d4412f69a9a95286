/** The return to the redirection URI of UMA 1. `problem` names the unusable part. */
export type Uma1Return =
  /** `ticket`: to go on with; only where tickets rotate. */
  | { outcome: 'claims_submitted' | 'need_info' | 'not_authorized' | 'request_submitted'; ticket?: string | undefined }
  | { problem: 'state' | 'repeated' | 'error' | 'ticket' | 'authorization_state'; code?: string }

const outcomes = ['claims_submitted', 'need_info', 'not_authorized', 'request_submitted'] as const

/** The query of a URL; empty if the text is no URL. */
export const queryOf = (url: string): URLSearchParams =>
  URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams()

/** Whether one of these parameters occurs more than once. */
const repeats = (parameters: URLSearchParams, names: string[]): boolean =>
  names.some((name) => parameters.getAll(name).length > 1)

/**
 * Reads the return from a claims endpoint (UMA 1.0.1 §3.6.3): state first, then `error`, then `authorization_state`.
 * A ticket in the URL must be the one that was sent (§7.1). If tickets rotate (claims-sec-1.0), there must be a ticket,
 * and another one.
 */
export function readUma1Return(url: string, expected: { state: string; ticket: string; rotates: boolean }): Uma1Return {
  const parameters = queryOf(url)
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
