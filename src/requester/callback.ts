import { UntrustedAuthorizationServerError } from '../errors.ts'
import { fly } from './flow.ts'
import { acceptReturn } from './interact.ts'
import type { Party } from './party.ts'
import { type PendingRequest, takePending } from './pending.ts'
import type { Services } from './services.ts'

/** What a person came back from, and for what. */
export interface Callback {
  /** `'ticket'`: from the claims interaction endpoint of a UMA 2.0 server. */
  kind: 'ticket'
  /** What was being asked for; sending it again now finds the token in the wallet. */
  request: PendingRequest
  /** Sends it again, where that is possible: a GET or HEAD, or a request that was stored (`storeRequest`). */
  replay?: () => Promise<Response>
}

/** Finishes the flow whose person came back on this URL. @throws InvalidStateError, RedirectError, UmaError */
export async function handleCallback(services: Services, party: Party, url: string): Promise<Callback> {
  const { history, location } = globalThis
  const parameters = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams()
  if (location?.href === url) {
    // Tickets and states do not stay in the address bar and the history (checklist G-3.3.3-i).
    const clean = new URL(url)
    for (const name of ['ticket', 'state', 'iss', 'error', 'error_description', 'error_uri'])
      clean.searchParams.delete(name)
    history?.replaceState(history.state, '', clean)
  }
  const state = parameters.get('state')
  const {
    request,
    issuer,
    scope,
    parameters: more,
    state: flowState,
    client,
  } = await takePending(services, party, state)
  const host = new URL(request.url).origin
  const authority = await services.trust.find(issuer, request.url)
  if (authority?.client.id !== client || !authority.speaksFor(host)) {
    throw new UntrustedAuthorizationServerError(`${issuer} is not trusted any more for ${host}`, { issuer })
  }
  const sent = authority.server.unchangedTicket ? undefined : flowState.ticket
  flowState.ticket = acceptReturn(url, { issuer, state: state as string, ticket: sent })
  const subject = {
    party,
    authority,
    method: request.method,
    url: request.url,
    host,
    uma: { scope, parameters: more },
    stored: () => request.stored,
  }
  await fly(services, subject as never, { participants: [], controller: new AbortController() } as never, flowState)
  return { kind: 'ticket', request }
}
