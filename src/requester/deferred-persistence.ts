import { loadPart } from '../errors/index.ts'
import type { Party, RecordStore, StoredWallet } from '../parties/party.ts'
import type { Persistence, PersistenceOptions } from '../persistence/open-persistence.ts'
import { loadPersistence } from '../storage/requester-storage.ts'
import type { RequesterStorage } from '../storage/storage.ts'

/**
 * The persistence of a requester. Its code comes with the storage and is loaded when the storage is first used. If the
 * code cannot be loaded, each use rejects with `LoadError`, and the next use loads it again.
 */
export class DeferredPersistence implements Persistence {
  readonly records: RecordStore
  readonly #storage: RequesterStorage
  readonly #options: Omit<PersistenceOptions, 'storage'>
  #opened: Persistence | undefined

  constructor(storage: RequesterStorage, options: Omit<PersistenceOptions, 'storage'>) {
    this.#storage = storage
    this.#options = options
    this.records = deferredRecords(async () => (await this.#open()).records)
  }

  /** Makes the part of a party that keeps its wallet in step with the storage. */
  readonly keepInStep = (party: Party): StoredWallet =>
    new DeferredStoredWallet(async () => (await this.#open()).keepInStep(party))

  async #open(): Promise<Persistence> {
    if (this.#opened) return this.#opened
    const { openPersistence } = await loadPart('storage', () => loadPersistence(this.#storage))
    this.#opened ??= openPersistence({ ...this.#options, storage: this.#storage })
    return this.#opened
  }
}

/** Records whose store is opened first. */
function deferredRecords(open: () => Promise<RecordStore>): RecordStore {
  return {
    get: async (key) => (await open()).get(key),
    getMany: async (keys) => (await open()).getMany(keys),
    set: async (...args) => (await open()).set(...args),
    delete: async (key) => (await open()).delete(key),
    keys: async (prefix) => (await open()).keys(prefix),
    lock: async (key, task) => (await open()).lock(key, task),
  }
}

/** The part of a party that keeps its wallet in step with the storage, made when the storage is first used. */
class DeferredStoredWallet implements StoredWallet {
  readonly #make: () => Promise<StoredWallet>
  #made: StoredWallet | undefined
  #making: Promise<StoredWallet> | undefined

  constructor(make: () => Promise<StoredWallet>) {
    this.#make = make
  }

  ready(host: string): Promise<void> | undefined {
    return this.#made ? this.#made.ready(host) : this.#afterMaking(host)
  }

  recent(): Promise<void> | undefined {
    return this.#made?.recent()
  }

  async readAll(): Promise<void> {
    await (await this.#wallet()).readAll()
  }

  async sync(...args: Parameters<StoredWallet['sync']>): Promise<void> {
    await (await this.#wallet()).sync(...args)
  }

  async save(...args: Parameters<StoredWallet['save']>): Promise<void> {
    await (await this.#wallet()).save(...args)
  }

  written(lockKey: string): Promise<void> | undefined {
    return this.#made?.written(lockKey)
  }

  note(...args: Parameters<StoredWallet['note']>): void {
    this.#made?.note(...args)
  }

  async erase(): Promise<void> {
    await (await this.#wallet()).erase()
  }

  forgotten(): void {
    this.#made?.forgotten()
  }

  async #afterMaking(host: string): Promise<void> {
    await (await this.#wallet()).ready(host)
  }

  async #wallet(): Promise<StoredWallet> {
    this.#making ??= this.#make()
    try {
      this.#made = await this.#making
      return this.#made
    } catch (error) {
      this.#making = undefined
      throw error
    }
  }
}
