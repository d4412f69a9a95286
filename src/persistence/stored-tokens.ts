import { abortable } from '../async/abortable.ts'
import { within } from '../async/timers.ts'
import { indexKey } from '../parties/record-keys.ts'
import type { UmaStorage } from '../storage/storage.ts'

/** The longest that the look into the storage may take, in milliseconds. */
const lookTimeout = 2_000

/**
 * Whether tokens may be stored for a party, so that a request may carry one before a host challenges. It reads one
 * record. If the storage fails or hangs, the answer is yes: the engine copes with such a storage.
 */
export function mayHaveStoredTokens(
  storage: UmaStorage,
  name: string | undefined,
  signal: AbortSignal | null | undefined,
): Promise<boolean> {
  return abortable(look(storage, name), signal)
}

async function look(storage: UmaStorage, name: string | undefined): Promise<boolean> {
  try {
    return await within(
      lookTimeout,
      () => isThere(storage, indexKey(name)),
      () => true,
    )
  } catch {
    return true
  }
}

async function isThere(storage: UmaStorage, key: string): Promise<boolean> {
  const value = await storage.get(key)
  return value !== undefined && value !== null
}
