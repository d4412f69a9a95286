/** An authorization server that is a script: no sockets. */
import type { CallAnswer, Caller } from '../../../src/authorization-server/call.ts'
import { none } from '../../../src/authorization-server/client-authentication.ts'
import type { Connection } from '../../../src/authorization-server/token-request.ts'

export const issuer = 'https://as.example'

export const metadata = {
  issuer,
  token_endpoint: `${issuer}/token`,
  authorization_endpoint: `${issuer}/authorize`,
  revocation_endpoint: `${issuer}/revoke`,
  registration_endpoint: `${issuer}/register`,
  resource_registration_endpoint: `${issuer}/rreg/`,
  permission_endpoint: `${issuer}/perm`,
  introspection_endpoint: `${issuer}/introspect`,
  jwks_uri: `${issuer}/jwks`,
}

export interface Sent {
  /** When it was sent, in milliseconds. */
  at: number
  url: string
  method: string
  headers: Headers
  body: string
}

/** An answer, a reset connection, or no answer until the call is aborted. */
export type Act = 'reset' | 'hang' | (() => Response)

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Act =>
  () =>
    Response.json(body, { status, headers })

export const status = (code: number, headers: Record<string, string> = {}): Act => json({}, code, headers)

/** A `fetch` that acts as the script says, one act for each request; the last act stays. */
export function scriptedFetch(...acts: Act[]) {
  const sent: Sent[] = []
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const act = acts[Math.min(sent.length, acts.length - 1)]
    const { method = 'GET', headers, body, signal } = init
    sent.push({ at: Date.now(), url: `${input}`, method, headers: new Headers(headers), body: `${body ?? ''}` })
    signal?.throwIfAborted()
    if (act === 'reset') throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
    if (act === 'hang')
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    if (!act) throw new Error('The script is empty')
    return act()
  }
  const caller: Caller = { fetch: () => fetch, timeout: 10_000 }
  /** Milliseconds from each request to the next one. */
  const pauses = (): number[] => sent.slice(1).map(({ at }, index) => at - (sent[index] as Sent).at)
  return { fetch, caller, sent, pauses }
}

export function connect(caller: Caller, signal: AbortSignal = new AbortController().signal): Connection {
  return {
    caller,
    metadata,
    client: { id: 'app', auth: none() },
    context: {
      requestingParty: 'alice',
      issuer,
      signal,
      accessToken: async () => 'unused',
      idToken: async () => undefined,
    },
  }
}

export type Outcome = { value: unknown } | { error: unknown }

/** How a promise ends. It is never an unhandled rejection. */
export const outcomeOf = (promise: Promise<unknown>): Promise<Outcome> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await outcomeOf(promise)
  if ('value' in outcome) throw new Error('It did not fail')
  return outcome.error as Error & Record<string, unknown>
}

export type { CallAnswer }
