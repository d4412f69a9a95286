import { sha256 } from '../../async/sha256.ts'
import type { Party, RecordStore } from '../../parties/party.ts'
import { redirectsKey } from '../../parties/record-keys.ts'
import { readObject } from '../../protocol/http/read-object.ts'
import { type Place, placeKey } from '../../wallet/place.ts'

/**
 * How often a person was sent away for one place without the place being opened. The count is stored, so that it also
 * bounds redirects that leave the page, over all flows.
 */
interface CountRecord {
  count: number
  /** When the first of these redirects counts no more, in milliseconds since 1970. */
  until: number
}

/** Counts a redirect. Returns false, and counts nothing, if the person was already sent away `max` times. */
export async function countRedirect(
  records: RecordStore,
  party: Party,
  place: Place,
  max: number,
  lifetime: number,
): Promise<boolean> {
  const key = await keyOf(party, place)
  const now = Date.now()
  const record = readObject((await records.get(key)) || '') as CountRecord | undefined
  const isCurrent = record !== undefined && Number.isFinite(record.count) && record.until > now
  // A stored time is believed up to its longest possible value.
  const until = isCurrent ? Math.min(record.until, now + lifetime) : now + lifetime
  const count = isCurrent ? record.count : 0
  if (count >= max) return false
  await records.set(key, JSON.stringify({ count: count + 1, until } satisfies CountRecord), until - now)
  return true
}

/** Forgets the count of a place, because the place was opened. */
export async function forgetRedirects(records: RecordStore, party: Party, place: Place): Promise<void> {
  await records.delete(await keyOf(party, place))
}

const keyOf = async (party: Party, place: Place): Promise<string> =>
  redirectsKey(party.name, await sha256(placeKey(place)))
