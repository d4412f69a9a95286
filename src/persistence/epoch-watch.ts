import { monotonic, within } from '../async/timers.ts'
import type { Tell } from '../events.ts'
import { epochOf } from '../parties/epoch.ts'
import type { Party, RecordStore } from '../parties/party.ts'
import { epochKey } from '../parties/record-keys.ts'

/**
 * After how many milliseconds a request looks at the epoch again: it bounds the time until a sign-out elsewhere
 * counts.
 */
const maxAge = 5_000
/** The longest that a request waits for its look at the epoch, in milliseconds. */
const maxWait = 250

/** Notices that the party was signed out in another tab or process. */
export interface EpochWatch {
  /** Reads the epoch. False if the storage could not be read. */
  look(): Promise<boolean>
  /**
   * Begins a look whose reading is a part of another one. Call the result with the text that was read under `key`,
   * `false` if the storage could not be read.
   */
  begin(): (text: string | undefined | false) => Promise<boolean>
  /** See `StoredWallet.recent`. */
  recent(): Promise<void> | undefined
}

/** The parts that the watch uses. */
export interface EpochWatchOptions {
  records: Pick<RecordStore, 'get' | 'set'>
  tell: Tell
  party: Pick<Party, 'name' | 'epoch' | 'forget'>
}

export function createEpochWatch({ records, tell, party }: EpochWatchOptions): EpochWatch {
  const key = epochKey(party.name)
  /** The epoch that the storage had at the last look. */
  let stored: number | undefined
  /** When the last look began, by the monotonic clock. Until the first look, nothing of the storage is in memory. */
  let lookedAt: number | undefined
  /** Looks may end in another order than they began: the answer of an older look does not count. */
  let begun = 0
  let counted = 0
  let waiting: Promise<void> | undefined

  function begin(): (text: string | undefined | false) => Promise<boolean> {
    const from = monotonic()
    const number = ++begun
    return async (text) => {
      lookedAt = Math.max(lookedAt ?? from, from)
      if (text === false) return false
      if (number < counted) return true
      counted = number
      await take(epochOf(text))
      return true
    }
  }

  async function look(): Promise<boolean> {
    const end = begin()
    return end(await records.get(key))
  }

  async function take(epoch: number): Promise<void> {
    const wasEmptied = stored !== undefined && epoch < stored
    stored = epoch
    if (epoch > party.epoch) {
      party.forget()
      party.epoch = epoch
    } else if (wasEmptied) {
      // The storage was emptied, and a sign-out may be among the records that are gone.
      party.forget()
      stored = party.epoch
      await records.set(key, `${party.epoch}`)
    }
  }

  async function lookBriefly(): Promise<void> {
    await within(maxWait, look, () => {
      lookedAt = monotonic()
      tell({ type: 'storage-failed', operation: 'get' })
      return false
    })
  }

  return {
    begin,
    look,
    recent() {
      if (waiting !== undefined) return waiting
      if (lookedAt === undefined || monotonic() - lookedAt <= maxAge) return undefined
      waiting = lookBriefly().finally(() => {
        waiting = undefined
      })
      return waiting
    },
  }
}
