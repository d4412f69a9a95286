import type { Party } from './party.ts'
import { epochKey } from './record-keys.ts'

/** The epoch that a stored text names. A missing or unreadable text means that the party was never signed out. */
export function epochOf(text: string | undefined): number {
  const epoch = /^\d+$/.test(text ?? '') ? Number(text) : 0
  return Number.isSafeInteger(epoch) ? epoch : 0
}

/**
 * Reads the epoch of a party: how often the party was signed out. A sign-out in another process counts at once.
 *
 * @returns false if the storage could not be read; the epoch in memory counts then
 */
export async function readEpoch(party: Party): Promise<number | false> {
  const text = await party.records.get(epochKey(party.name))
  if (text === false) return false
  adoptEpoch(party, epochOf(text))
  return party.epoch
}

/** Forgets everything that a party holds if the stored epoch is newer than the party's. */
function adoptEpoch(party: Party, stored: number): void {
  if (stored <= party.epoch) return
  party.forget()
  party.epoch = stored
}

/** Forgets everything that a party holds, and raises the epoch, in memory and in storage. */
export async function raiseEpoch(party: Party): Promise<void> {
  const { epoch } = party
  // Before the first await: a second sign-out at the same time finds nothing.
  party.forget()
  const text = (await party.records.get(epochKey(party.name))) || undefined
  // A text that is no number hides how often the party was signed out. A time is later than any count.
  const isReadable = text === undefined || /^\d+$/.test(text)
  const next = isReadable ? Math.max(epochOf(text), epoch) + 1 : Date.now()
  party.epoch = Math.max(party.epoch, next)
  await party.records.set(epochKey(party.name), `${party.epoch}`)
}
