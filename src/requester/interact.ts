import type { FlowContext } from '../authorization-server/client-authentication.ts'
import { InvalidStateError, RedirectError } from '../errors.ts'
import { claimsRedirect, readClaimsReturn } from '../protocol/claims-redirect.ts'
import type { FlowState } from '../schemes/scheme.ts'
import { abortable } from './lock.ts'
import type { RedirectHandler } from './options.ts'
import { keepPending } from './pending.ts'
import type { Services, Subject } from './services.ts'

/**
 * Sends the person to the authorization server and takes the ticket that they come back with into the state (Grant §3.3.2,
 * §3.3.3). A handler that leaves the page finds the flow in storage when it comes back.
 *
 * @throws RedirectError, InvalidStateError, or what the handler throws
 */
export async function interact(
  services: Services,
  subject: Subject,
  context: FlowContext,
  state: FlowState,
  endpoint: string,
  flow: number,
): Promise<void> {
  const { options, tell } = services
  const { server, client } = subject.authority
  const { issuer, signal } = context
  const handler = options.onRedirect as NonNullable<typeof options.onRedirect>
  const opened: { redirectUri?: string; run: RedirectHandler; leaves?: boolean; storeRequest?: boolean } =
    typeof handler === 'function' ? { run: handler } : await abortable(handler.open(context), signal)
  const redirectUri = opened.redirectUri ?? server.redirectUri ?? options.redirectUri
  const expected = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
  const { ticket } = state
  const url = claimsRedirect(endpoint, {
    client_id: client.id,
    ticket,
    claims_redirect_uri: redirectUri,
    state: expected,
  })
  if (!url) throw new RedirectError(`${issuer} wants to send people to a URL that is not safe`, { issuer })
  // Shown to the claims interaction endpoint, the ticket is spent (Grant §5.5).
  delete state.ticket
  if (opened.leaves) await keepPending(services, subject, { ...state, ticket }, expected, opened.storeRequest)
  tell({ type: 'redirect', flow, issuer })
  const back = await abortable(opened.run({ ...context, url: url.href, state: expected, redirectUri }), signal)
  tell({ type: 'redirect-returned', flow, issuer })
  state.ticket = acceptReturn(back, { issuer, state: expected, ticket: server.unchangedTicket ? undefined : ticket })
}

/** The ticket that a person came back with. @throws InvalidStateError, RedirectError */
export function acceptReturn(
  back: string,
  expected: { issuer: string; state: string; ticket?: string | undefined },
): string {
  const { issuer } = expected
  const result = readClaimsReturn(back, expected)
  if ('ticket' in result) return result.ticket
  const { problem } = result
  if (problem === 'state')
    throw new InvalidStateError('This way back belongs to no redirect that is under way', { issuer })
  const { code = problem } = result
  const reason = /^[a-z_]{1,64}$/.test(code) ? code : problem
  throw Object.assign(new RedirectError(`The way back from ${issuer} is not usable: ${problem}`, { issuer }), {
    reason,
  })
}
