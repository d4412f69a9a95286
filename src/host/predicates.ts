import { UmaError } from '../errors/index.ts'
import { permits } from './permissions.ts'
import type { Access } from './types.ts'

/** Something that can be asked of a request that was let through: `accessOf(request)`, or the `when` of a guard. */
export type Predicate = (access: Access) => boolean

/** The software that asks: the client with this id, or, without one, any that the authorization server names. */
export const isClient =
  (id?: string): Predicate =>
  ({ rpt: { clientId } }) =>
    clientId !== undefined && (id === undefined || clientId === id)

/** On whose behalf it asks: this requesting party (`sub`), or, without one, any that the authorization server names. */
export const isRequestingParty =
  (subject?: string): Predicate =>
  ({ rpt }) =>
    rpt.subject !== undefined && (subject === undefined || rpt.subject === subject)

/** A person stands behind the client: a requesting party is named, and it is neither the client itself nor its service account. */
export const isPerson =
  (): Predicate =>
  ({ rpt: { subject, clientId, username } }) =>
    subject !== undefined && subject !== clientId && !(username ?? subject).startsWith('service-account-')

/** The RPT permits all of these scopes now, at the resource that was requested or at another one (its id). */
export const hasPermission =
  (scopes: string | readonly string[], resourceId?: string): Predicate =>
  ({ rpt, resource }) =>
    permits(rpt, resourceId ?? resource.id, typeof scopes === 'string' ? [scopes] : scopes, Date.now() / 1000)

/** All of these hold. */
export const all =
  (...predicates: readonly Predicate[]): Predicate =>
  (access) =>
    predicates.every((predicate) => predicate(access) === true)

/** One of these holds. */
export const any =
  (...predicates: readonly Predicate[]): Predicate =>
  (access) =>
    predicates.some((predicate) => predicate(access) === true)

/** This does not hold. */
export const not =
  (predicate: Predicate): Predicate =>
  (access) =>
    predicate(access) === false

/**
 * A request that has its permission and is refused nevertheless (FedAuthz §1.4). `code`: `forbidden`. Express (`status`), Hono
 * (`getResponse`) and `host.guard` answer it with 403 and the message.
 */
export class ForbiddenError extends UmaError {
  override name = 'ForbiddenError'
  override readonly code = 'forbidden'
  readonly status = 403
  readonly expose = true

  getResponse(): Response {
    const body = JSON.stringify({ error: 'forbidden', error_description: this.message })
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Vary: 'Authorization' }
    return new Response(body, { status: 403, headers })
  }
}

/**
 * Goes on only if the predicate holds.
 *
 * @param access what `accessOf(request)` gave; undefined never holds
 * @param message is shown to the client
 * @returns the access
 * @throws ForbiddenError
 */
export function demand(access: Access | undefined, predicate: Predicate, message = 'This is not to be had.'): Access {
  // A promise holds nothing.
  if (access && predicate(access) === true) return access
  throw new ForbiddenError(message)
}
