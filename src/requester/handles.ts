import type { Party } from '../parties/party.ts'
import type { RequesterParts } from './parts.ts'

/** The requester for one requesting party: the parts that all of its handles share, and the party. */
export interface Handle {
  parts: RequesterParts
  party: Party
}

/** How the functions that take a requester reach its parts. The parts may have to be loaded first. */
export type OpenHandle = () => Promise<Handle>

const handles = new WeakMap<object, OpenHandle>()

/** Remembers how the parts of a requester are reached. */
export function registerHandle(requester: object, open: OpenHandle): void {
  handles.set(requester, open)
}

/**
 * The parts of a requester.
 *
 * @param name the function that asks, for the message
 * @throws TypeError if the value is no requester of this package; LoadError
 */
export async function openHandle(requester: object, name: string): Promise<Handle> {
  const open = handles.get(requester)
  if (!open) throw new TypeError(`${name}: give it the requester that createRequester() returned`)
  return open()
}
