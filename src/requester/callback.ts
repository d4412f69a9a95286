import { InvalidStateError, UmaError, UntrustedAuthorizationServerError } from '../errors.ts'
import { fly } from './flow.ts'
import { claimsErrand } from './interact.ts'
import type { Party } from './party.ts'
import { epochOf, type Pending, type PendingRequest, takePending } from './pending.ts'
import type { Services, Subject } from './services.ts'
import { signInErrand } from './sign-in.ts'

/** By what people come back, in the order in which it is looked for; `code` is what a sign-in brings. */
const kinds = [
  'authorization_state',
  'x-oauth_access_granted',
  'x-oauth_access_req',
  'claim_status',
  'code',
  'ticket',
  'error',
] as const

/** What a person came back from, and for what. */
export interface Callback {
  /**
   * By what they came back. `'code'`: from signing in. From where claims are gathered: `'ticket'` (UMA 2.0), `'authorization_state'`
   * (UMA 1); `'x-oauth_access_granted'`, `'x-oauth_access_req'` or `'claim_status'` (Puma), or only an `'error'`.
   */
  kind: (typeof kinds)[number]
  /** What was being asked for; sending it again now finds the token in the wallet. */
  request: PendingRequest
  /** Sends it again, where that is possible: a GET or HEAD, or a request that was stored (`storeRequest`). */
  replay?: () => Promise<Response>
}

/**
 * Finishes the flow whose person came back on this URL; it may send the person away once more.
 *
 * @throws InvalidStateError, RedirectError, UmaError, with `request` and `kind`
 */
export async function handleCallback(services: Services, party: Party, url: string): Promise<Callback> {
  const { history, location } = globalThis
  const parameters = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams()
  if (location?.href === url) {
    // Tickets, codes and states do not stay in the address bar and the history (checklist G-3.3.3-i).
    const clean = new URL(url)
    for (const name of [...kinds, 'state', 'iss', 'session_state', 'error_description', 'error_uri'])
      clean.searchParams.delete(name)
    history?.replaceState(history.state, '', clean)
  }
  const state = parameters.get('state')
  const pending = await takePending(services, party, state)
  const { request } = pending
  const kind = pending.signIn ? 'code' : (kinds.find((name) => name !== 'code' && parameters.has(name)) ?? 'ticket')
  try {
    await finish(services, party, pending, url)
    return { kind, request }
  } catch (error) {
    // Not enumerable: the URL of a request may hold secrets of the application's.
    if (error instanceof UmaError)
      Object.defineProperties(error, { request: { value: request }, kind: { value: kind } })
    throw error
  }
}

async function finish(services: Services, party: Party, pending: Pending, back: string): Promise<void> {
  const { request, issuer, scope, parameters, state: flow, client, signIn } = pending
  const { method, url, stored } = request
  const state = new URL(back).searchParams.get('state') as string
  const host = new URL(url).origin
  const authority = await services.trust.find(issuer, url, client)
  const other = authority?.client.id !== client
  if (!authority?.speaksFor(host) || (other && !authority.server.client.register)) {
    throw new UntrustedAuthorizationServerError(`${issuer} is not trusted any more for ${host}`, { issuer })
  }
  const gone = (what: string): InvalidStateError => new InvalidStateError(`${what}; send the request again`, { issuer })
  if (other) throw gone('The client was replaced while the person was away')
  // Signed out while this was under way: what comes back is nobody's.
  if (pending.epoch !== (await epochOf(services, party))) throw gone('Signed out meanwhile')
  const subject: Subject = {
    party,
    authority,
    method,
    url,
    host,
    uma: { scope, parameters } as Subject['uma'],
    stored: () => stored,
  }
  const errand = signIn
    ? signInErrand(services, subject, flow, { ...signIn, epoch: pending.epoch })
    : claimsErrand(subject, flow)
  try {
    await errand.accept(back, state)
    const nobody = { participants: [], controller: new AbortController() } as never
    await fly(services, subject, nobody, flow, !!signIn?.first)
  } catch (error) {
    // The person went there for a client that is not known there any more; the request that is sent again is another's.
    await services.trust.anew(authority, error).catch(() => {})
    throw error
  }
}
