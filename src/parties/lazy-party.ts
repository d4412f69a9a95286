import { deferred } from '../async/deferred.ts'
import { inTurn, type Lock } from '../async/in-turn.ts'
import type { Identity } from '../authorization-server/sign-in/identity.ts'
import { createWallet, type Wallet } from '../wallet/wallet.ts'
import { createMemoryRecords } from './memory-records.ts'
import type { Party, RecordStore, StoredWallet } from './party.ts'
import { lockKey } from './record-keys.ts'

/** The parts that all parties of a requester share. */
export interface PartySource {
  maxEntries: number | undefined
  records: RecordStore
  /** Makes the part of a party that the storage adds; undefined if there is only memory. */
  makeStoredWallet: ((party: Party) => StoredWallet) | undefined
  /** Whether a party never reaches the storage. */
  isInMemory: (name: string | undefined) => boolean
}

/** The parts of a party that need memory. */
interface PartyParts {
  wallet: Wallet
  pcts: Map<string, string>
  identities: Map<string, Identity>
  neverUpgrades: Set<string>
  stored: StoredWallet | undefined
  readonly records: RecordStore
  readonly interactions: Map<string, Promise<unknown>>
  readonly lock: Lock
}

/** The parts that a sign-out replaces. */
function emptyParts(
  maxEntries: number | undefined,
): Pick<PartyParts, 'wallet' | 'pcts' | 'identities' | 'neverUpgrades'> {
  return { wallet: createWallet(maxEntries), pcts: new Map(), identities: new Map(), neverUpgrades: new Set() }
}

/**
 * A party whose parts are made when one of them is first used. A server may know 100,000 people, and few of them have
 * sent a request.
 */
export class LazyParty implements Party {
  readonly name: string | undefined
  epoch = 0
  private readonly source: PartySource
  private made: PartyParts | undefined

  constructor(name: string | undefined, source: PartySource) {
    this.name = name
    this.source = source
  }

  get wallet(): Wallet {
    return this.parts.wallet
  }

  get records(): RecordStore {
    return this.parts.records
  }

  get stored(): StoredWallet | undefined {
    return this.parts.stored
  }

  get pcts(): Map<string, string> {
    return this.parts.pcts
  }

  get identities(): Map<string, Identity> {
    return this.parts.identities
  }

  set identities(identities: Map<string, Identity>) {
    this.parts.identities = identities
  }

  get neverUpgrades(): Set<string> {
    return this.parts.neverUpgrades
  }

  get interactions(): Map<string, Promise<unknown>> {
    return this.parts.interactions
  }

  get lock(): Lock {
    return this.parts.lock
  }

  forget(): void {
    this.epoch += 1
    const { made, source } = this
    if (!made) return
    const { wallet } = made
    Object.assign(made, emptyParts(source.maxEntries))
    for (const rpt of wallet.all()) wallet.drop(rpt)
    made.stored?.forgotten()
  }

  private get parts(): PartyParts {
    return this.made ?? this.makeParts()
  }

  private makeParts(): PartyParts {
    const { name } = this
    const { maxEntries, makeStoredWallet, isInMemory } = this.source
    const inMemory = isInMemory(name)
    const records = inMemory ? createMemoryRecords() : this.source.records
    const inThisProcess = inTurn()
    /** The caller goes on when its task has ended; the lock is kept until the writes of the task have ended. */
    const lockUntilWritten = <T>(key: string, task: () => Promise<T>): Promise<T> => {
      const outcome = deferred<T>()
      const locked = async (): Promise<void> => {
        await task().then(outcome.resolve, outcome.reject)
        await this.stored?.written(key)
      }
      inThisProcess(key, () => records.lock(lockKey(name, key), locked)).catch(outcome.reject)
      return outcome.promise
    }
    this.made = {
      ...emptyParts(maxEntries),
      stored: undefined,
      records,
      interactions: new Map(),
      lock: lockUntilWritten,
    }
    // The part of the storage may ask for the other parts.
    if (!inMemory) this.made.stored = makeStoredWallet?.(this)
    return this.made
  }
}
