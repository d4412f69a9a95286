/**
 * Looks at what a requester keeps, for a settings page.
 *
 * @module
 */
import type { Requester } from './create-requester.ts'
import { type Inspection, inspectParty, knownParties } from './parties/inspect.ts'
import { openHandle } from './requester/handles.ts'

export type { InspectedRpt, InspectedServer, Inspection } from './parties/inspect.ts'

/**
 * Shows what is kept for the requesting party of a requester, without a secret.
 *
 * @example
 * const { authorizationServers } = await inspect(requester)
 */
export async function inspect(requester: Pick<Requester, 'fetch'>): Promise<Inspection> {
  const { parts, party } = await openHandle(requester, 'inspect')
  return inspectParty(parts.trust, party)
}

/**
 * Lists the requesting parties for whom something is kept, as far as the storage can list its keys.
 * `requester.as(name).signOut()` forgets one of them.
 *
 * @example
 * for (const name of await parties(requester)) if (name !== undefined) await requester.as(name).signOut()
 */
export async function parties(requester: Pick<Requester, 'fetch'>): Promise<(string | undefined)[]> {
  const { parts } = await openHandle(requester, 'parties')
  return knownParties(parts.records, parts.parties.all())
}
