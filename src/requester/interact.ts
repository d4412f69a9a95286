import type { FlowContext } from '../authorization-server/client-authentication.ts'
import { InvalidStateError, RedirectError } from '../errors.ts'
import type { FlowState } from '../schemes/scheme.ts'
import { uma2 } from '../schemes/uma2.ts'
import { abortable } from './lock.ts'
import type { RedirectHandler } from './options.ts'
import { keepPending, type Waiting } from './pending.ts'
import type { Services, Subject } from './services.ts'

/** What a person is sent to the authorization server for. */
export interface Errand {
  /** Where to; undefined: nobody should be sent there. */
  url(facts: { redirectUri: string | undefined; state: string }): URL | undefined | Promise<URL | undefined>
  /** What waits in storage where the page goes away. */
  waiting(): Waiting
  /** Takes what the person came back with. @throws InvalidStateError, RedirectError, UmaError */
  accept(back: string, state: string): void | Promise<void>
}

/** The errand that a scheme's redirect for claims is (Grant §3.3.2, §3.3.3). */
export function claimsErrand({ authority }: Pick<Subject, 'authority'>, flow: FlowState, endpoint = ''): Errand {
  const { server, scheme, client } = authority
  const redirect = scheme.redirect ?? uma2.redirect
  const { issuer, unchangedTicket = false } = server
  return {
    url: ({ redirectUri, state }) => redirect?.url(endpoint, { clientId: client.id, redirectUri, state }, flow),
    waiting: () => ({ state: { ...flow } }),
    accept: (back, state) => redirect?.accept(back, { state, issuer, unchangedTicket }, flow),
  }
}

/**
 * Sends the person to the authorization server and waits until they are back. A handler that leaves the page finds the flow in
 * storage when it comes back.
 *
 * @throws RedirectError, InvalidStateError, or what the handler throws
 */
export async function interact(
  services: Services,
  subject: Subject,
  context: FlowContext,
  errand: Errand,
  flow: number,
): Promise<void> {
  const { options, tell } = services
  const { server } = subject.authority
  const { issuer, signal } = context
  const handler = options.onRedirect as NonNullable<typeof options.onRedirect>
  const opened: { redirectUri?: string; run: RedirectHandler; leaves?: boolean; storeRequest?: boolean } =
    typeof handler === 'function' ? { run: handler } : await abortable(handler.open(context), signal)
  const redirectUri = opened.redirectUri ?? server.redirectUri ?? options.redirectUri
  const state = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
  const url = await errand.url({ redirectUri, state })
  if (!url) throw new RedirectError(`${issuer} wants to send people to a URL that is not safe`, { issuer })
  if (opened.leaves) await keepPending(services, subject, errand.waiting(), state, opened.storeRequest)
  tell({ type: 'redirect', flow, issuer })
  const back = await abortable(opened.run({ ...context, url: url.href, state, redirectUri }), signal)
  if (!URL.canParse(back))
    throw new InvalidStateError('onRedirect has to resolve with the URL that the person came back on', { issuer })
  tell({ type: 'redirect-returned', flow, issuer })
  await errand.accept(back, state)
}
