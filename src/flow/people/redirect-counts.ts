import { sha256 } from '../../async/sha256.ts'
import type { Party } from '../../parties/party.ts'
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

/** The most places of a party that are remembered as opened. */
const maxOpened = 1000

/** The places that each party has opened since a person was last sent away for them, as far as this process knows. */
const opened = new WeakMap<Party, Set<string>>()

/** Counts a redirect. Returns false, and counts nothing, if the person was already sent away `max` times. */
export async function countRedirect(party: Party, place: Place, max: number, lifetime: number): Promise<boolean> {
  const key = await keyOf(party, place)
  const now = Date.now()
  const record = readObject((await party.records.get(key)) || '') as CountRecord | undefined
  const isCurrent = record !== undefined && Number.isFinite(record.count) && record.until > now
  // A stored time is believed up to its longest possible value.
  const until = isCurrent ? Math.min(record.until, now + lifetime) : now + lifetime
  const count = isCurrent ? record.count : 0
  if (count >= max) return false
  opened.get(party)?.delete(placeKey(place))
  await party.records.set(key, JSON.stringify({ count: count + 1, until } satisfies CountRecord), until - now)
  return true
}

/**
 * Forgets the count of a place, because the place was opened. The storage is asked once for each place: another page
 * may have counted.
 */
export async function forgetRedirects(party: Party, place: Place): Promise<void> {
  const places = opened.get(party) ?? new Set<string>()
  const key = placeKey(place)
  if (places.has(key)) return
  if (places.size >= maxOpened) places.clear()
  opened.set(party, places.add(key))
  await party.records.delete(await keyOf(party, place))
}

const keyOf = async (party: Party, place: Place): Promise<string> =>
  redirectsKey(party.name, await sha256(placeKey(place)))
