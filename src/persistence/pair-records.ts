import type { HeaderPatch } from '../bindings/binding.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import type { Rpt } from '../wallet/rpt.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { RptRecord } from './records/rpt-record.ts'
import type { StampEntry } from './records/stamp.ts'

/** An RPT that the stamp lists. */
interface Listed {
  /** The mark of the record as it was last read or written. */
  mark: string
  /** The refresh token of that record. */
  refreshToken?: string | undefined
  /** Absent if the record cannot be used. */
  rpt?: Rpt | undefined
}

/** Makes the headers of a grant, if its binding is reusable. */
export type PresentGrant = (grant: Grant) => HeaderPatch | undefined

/** The changes of a wallet that are not in the storage yet. */
export interface PairChanges {
  /** RPTs to be written. */
  changed: Rpt[]
  /** The ids of records to be deleted: they were dropped here, or cannot be used. */
  gone: string[]
}

/** Records that were written, each with its grant and its mark. They count when the stamp lists them. */
export type WrittenRecords = ReadonlyMap<Rpt, { grant: Grant; mark: string }>

/** Moves the RPTs of one authority at one host between a wallet and their records. */
export interface PairRecords {
  /** The entries whose record has to be read: it is new, or it was written since. */
  unread(entries: readonly StampEntry[]): StampEntry[]
  /**
   * Takes in a stamp: RPTs that were upgraded or refreshed elsewhere, new ones, and RPTs that are gone.
   *
   * @param records the records of the unread entries, by id; `undefined`: the record is missing or cannot be used
   * @returns the ids of records that made the binding throw
   */
  take(
    entries: readonly StampEntry[],
    records: ReadonlyMap<string, RptRecord | undefined>,
    present: PresentGrant,
  ): string[]
  changes(): PairChanges
  /** Whether a changed RPT has another refresh token than its record, or none any more. */
  hasNewRefreshToken(): boolean
  /** These records were written, and then the stamp. */
  written(records: WrittenRecords): void
  /** The ids that the stamp lists. */
  ids(): string[]
  /** The record of this id was deleted. */
  deleted(id: string): void
  /** The RPTs that are held and have a record, the oldest first, with their marks. */
  list(written: WrittenRecords): { rpt: Rpt; mark: string }[]
}

/**
 * Whether a stored grant, of the same token and revision, differs: its refresh token was used elsewhere, for example.
 */
const differs = (one: Grant, other: Grant): boolean =>
  one.refreshToken !== other.refreshToken || one.expiresAt !== other.expiresAt

/** Takes the grant of a record into an RPT that is held already. */
function update(wallet: Wallet, rpt: Rpt, { grant, revision }: RptRecord, present: PresentGrant): void {
  const isHigher = revision > rpt.revision
  const isRival = revision === rpt.revision && rpt.saved && grant.token !== rpt.grant.token
  if (isHigher || isRival) {
    rpt.insufficient.clear()
    wallet.renew(rpt, grant, present(grant))
    rpt.revision = Math.max(rpt.revision, revision)
    rpt.saved = true
    return
  }
  if (revision < rpt.revision) {
    // Somebody wrote an old copy. The next save repairs the record.
    rpt.saved = false
    return
  }
  if (rpt.saved && differs(rpt.grant, grant)) rpt.grant = grant
}

export function createPairRecords(wallet: Wallet, authority: string, host: string): PairRecords {
  const listed = new Map<string, Listed>()

  const isOurs = (rpt: Rpt): boolean => rpt.authority === authority && rpt.host === host
  const held = (): Rpt[] => [...wallet.of(host)].filter(isOurs)
  const changed = (): Rpt[] => held().filter(({ saved }) => !saved)

  /** The RPT was dropped elsewhere. An RPT that has changed here since stays, and is written again. */
  function dropElsewhere(rpt: Rpt | undefined): void {
    if (rpt?.saved) wallet.drop(rpt)
  }

  /** Takes in the places that the grant was obtained for. */
  function takeRecent(rpt: Rpt, { revision, recent }: RptRecord): void {
    if (revision < rpt.revision) return
    if (rpt.saved) rpt.recent = recent.map(([method, path]) => [method, host + path])
    for (const [method, path] of recent) wallet.learnPlace(rpt, method, host + path)
  }

  function takeOne({ id, mark }: StampEntry, record: RptRecord | undefined, present: PresentGrant): void {
    const known = listed.get(id)?.rpt
    // This requester dropped the RPT: its next save deletes the record.
    if (known?.held === false) {
      listed.set(id, { mark, rpt: known })
      return
    }
    const rpt = wallet.byId(id)
    if (!record) {
      dropElsewhere(known)
      listed.set(id, { mark })
      return
    }
    // The id of another host or authority: its token must not be replaced from here.
    if (rpt && !isOurs(rpt)) {
      listed.set(id, { mark })
      return
    }
    const { revision, grant } = record
    if (rpt) update(wallet, rpt, record, present)
    const facts = { id, revision, grant, authority, host, saved: true, recent: [] }
    const taken = rpt ?? wallet.adopt({ ...facts, headers: present(grant) })
    takeRecent(taken, record)
    listed.set(id, { mark, rpt: taken, refreshToken: grant.refreshToken })
  }

  /** Takes in one record. False if anything was thrown. */
  function isTaken(entry: StampEntry, record: RptRecord | undefined, present: PresentGrant): boolean {
    try {
      takeOne(entry, record, present)
      return true
    } catch {
      listed.set(entry.id, { mark: entry.mark })
      return false
    }
  }

  return {
    unread: (entries) => entries.filter(({ id, mark }) => listed.get(id)?.mark !== mark),
    take(entries, records, present) {
      const ids = new Set(entries.map(({ id }) => id))
      for (const [id, { rpt }] of listed) {
        if (ids.has(id)) continue
        listed.delete(id)
        dropElsewhere(rpt)
      }
      return entries
        .filter(({ id }) => records.has(id))
        .filter((entry) => !isTaken(entry, records.get(entry.id), present))
        .map(({ id }) => id)
    },
    changes: () => ({
      changed: changed(),
      gone: [...listed].filter(([, { rpt }]) => !rpt?.held).map(([id]) => id),
    }),
    hasNewRefreshToken: () => changed().some(({ id, grant }) => grant.refreshToken !== listed.get(id)?.refreshToken),
    written(records) {
      for (const [rpt, { grant, mark }] of records) {
        // A grant that was replaced meanwhile is not saved.
        rpt.saved = rpt.grant === grant
        listed.set(rpt.id, { mark, rpt, refreshToken: grant.refreshToken })
      }
    },
    ids: () => [...listed.keys()],
    deleted: (id) => void listed.delete(id),
    list: (written) =>
      held().flatMap((rpt) => {
        const mark = written.get(rpt)?.mark ?? listed.get(rpt.id)?.mark
        return mark === undefined ? [] : [{ rpt, mark }]
      }),
  }
}
