import type { TellFor } from '../events.ts'
import type { Party, RecordStore, StoredWallet } from '../parties/party.ts'
import type { UmaStorage } from '../storage/storage.ts'
import { joinRecordChannel } from './record-channel.ts'
import { createResilientStorage } from './resilient-storage.ts'
import type { FindAuthority } from './stored-authority.ts'
import { createStoredWallet, type StoredWalletOptions } from './stored-wallet.ts'

/** The parts of a requester that its persistence uses. */
export interface PersistenceOptions extends Pick<StoredWalletOptions, 'present' | 'maxEntries'> {
  storage: UmaStorage
  trust: FindAuthority
  tellFor: TellFor
}

/** The parts that a storage adds to a requester. */
export interface Persistence {
  /** The storage, as a store that never fails. */
  records: RecordStore
  /** Makes the part of a party that keeps its wallet in step with the storage. */
  keepInStep(party: Party): StoredWallet
}

/**
 * Opens the persistence of one requester. Nothing is read or written before the first use.
 *
 * @public A storage brings this function (`loadPersistence`).
 */
export function openPersistence(options: PersistenceOptions): Persistence {
  const { storage, trust, tellFor, maxEntries, present } = options
  const records = createResilientStorage(storage, tellFor(undefined))
  const channel = joinRecordChannel()
  return {
    records,
    keepInStep: (party) =>
      createStoredWallet({ records, trust, tell: tellFor(party.name), party, channel, maxEntries, present }),
  }
}
