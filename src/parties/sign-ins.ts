import type { Identity } from '../authorization-server/sign-in/identity.ts'
import { readObject } from '../protocol/http/read-object.ts'
import { readEpoch } from './epoch.ts'
import type { Party } from './party.ts'
import { identitiesKey } from './record-keys.ts'

/** The stored sign-ins of one party, by authority key. */
interface IdentitiesRecord {
  v: 2
  epoch: number
  of: Record<string, Identity>
}

/** An access token must be visible ASCII: anything else could split a header. */
const isIdentity = (value: unknown): value is Identity => {
  const { accessToken } = Object(value)
  return typeof accessToken === 'string' && /^[\x21-\x7e]+$/.test(accessToken)
}

/**
 * Reads the sign-ins of a party, by authority key. A sign-in or a sign-out of another tab or process counts at once. If
 * the storage cannot be read, the copy in memory counts.
 */
export async function readIdentities(party: Party): Promise<Map<string, Identity>> {
  const epoch = await readEpoch(party)
  // Without a storage, the sign-ins are in memory only.
  if (!party.stored) return party.identities
  const text = await party.records.get(identitiesKey(party.name))
  if (text === false || epoch === false) return party.identities
  const record = readObject(text ?? '') as IdentitiesRecord | undefined
  const isCurrent = record?.v === 2 && record.epoch === epoch
  const stored = isCurrent ? Object.entries(Object(record.of)) : []
  party.identities = new Map(stored.filter((entry): entry is [string, Identity] => isIdentity(entry[1])))
  return party.identities
}

/**
 * Keeps a sign-in.
 *
 * @param identity undefined: the sign-in is forgotten
 * @param epoch the party's epoch when the sign-in began: if the party was signed out since, nothing is kept
 * @returns whether the sign-in was kept
 */
export function keepIdentity(
  party: Party,
  authorityKey: string,
  identity: Identity | undefined,
  epoch: number,
): Promise<boolean> {
  return party.lock('identities', async () => {
    const all = await readIdentities(party)
    if (epoch !== party.epoch) return false
    if (identity) all.set(authorityKey, identity)
    else all.delete(authorityKey)
    if (party.stored) await writeIdentities(party, all)
    return true
  })
}

/** A sign-out in between leaves this record without effect, because the record carries the older epoch. */
async function writeIdentities(party: Party, all: Map<string, Identity>): Promise<void> {
  const key = identitiesKey(party.name)
  if (all.size === 0) return party.records.delete(key)
  const record: IdentitiesRecord = { v: 2, epoch: party.epoch, of: Object.fromEntries(all) }
  await party.records.set(key, JSON.stringify(record))
}
