import type { RecordStore } from '../parties/party.ts'
import { indexKey, pctKey, placesKey, rptKey, rptPrefix, snapshotKey, stampKey } from '../parties/record-keys.ts'
import type { IndexPair } from './records/record-index.ts'
import { readStamp } from './records/stamp.ts'

/**
 * Deletes everything that is stored of these pairs, and the RPTs that no stamp lists, as far as the storage can list its
 * keys: a process that was killed while it wrote may have left some.
 *
 * @param options `known`: keys of RPTs that are deleted in any case; `maxEntries`: the most RPTs of one stamp
 */
export async function eraseRecords(
  records: RecordStore,
  name: string | undefined,
  pairs: readonly IndexPair[],
  { known, maxEntries }: { known: readonly string[]; maxEntries: number },
): Promise<void> {
  const stamps = pairs.map(([host, authorityKey]) => stampKey(name, host, authorityKey))
  const texts = (await records.getMany(stamps)) || []
  const rpts = pairs.flatMap(([host, authorityKey], index) =>
    (readStamp(texts[index] ?? '', maxEntries)?.rpts ?? []).map(({ id }) => rptKey(name, host, authorityKey, id)),
  )
  // The stamps go last: after a crash, they still tell which records are left.
  await deleteAll(records, new Set([...known, ...rpts, ...(await records.keys(rptPrefix(name)))]))
  await deleteAll(
    records,
    pairs.flatMap(([host, authorityKey]) => [
      placesKey(name, host, authorityKey),
      snapshotKey(name, host, authorityKey),
      pctKey(name, authorityKey),
    ]),
  )
  await deleteAll(records, [...stamps, indexKey(name)])
}

async function deleteAll(records: RecordStore, keys: Iterable<string>): Promise<void> {
  await Promise.all([...keys].map((key) => records.delete(key)))
}
