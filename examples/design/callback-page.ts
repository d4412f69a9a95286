/** The page of the redirect URI, with the requester of popup-indexed-db.ts or page-session-storage.ts. */
import type { Requester } from 'uma-requester'
import { type Callback, handleCallback } from 'uma-requester/callback'

/** @param requester a requester for the person who was sent away */
export async function comeBack(requester: Requester): Promise<Pick<Callback, 'request' | 'replay'>> {
  const { request, replay } = await handleCallback(requester)

  return { request, ...(replay && { replay }) }
}
