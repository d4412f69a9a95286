import { mayHaveStoredTokens } from '../persistence/stored-tokens.ts'
import { type HiddenFacts, hidden, type RequesterStorage, type UmaStorage } from './storage.ts'

/** The code that keeps a requester in step with a storage. */
export type PersistenceCode = typeof import('../persistence/open-persistence.ts')

/** The functions of a storage, without the hidden property that `requesterStorage` adds. */
export type FunctionsOf<Storage extends RequesterStorage> = Omit<Storage, typeof hidden>

/**
 * Adds the hidden loader to the functions of a storage. The property is not enumerable.
 *
 * @param loadMore loads the code of the storage itself, together with the code that uses a storage
 */
export function requesterStorage<Functions extends UmaStorage>(
  functions: Functions,
  { inMemory = false, loadMore }: { inMemory?: boolean; loadMore?: () => Promise<unknown> } = {},
): Functions & RequesterStorage {
  const load = async (): Promise<PersistenceCode> => {
    const [persistence] = await Promise.all([import('../persistence/open-persistence.ts'), loadMore?.()])
    return persistence
  }
  return Object.defineProperty(functions as Functions & RequesterStorage, hidden, {
    value: {
      load,
      inMemory,
      mayHaveTokens: (name, signal) => mayHaveStoredTokens(functions, name, signal),
    } satisfies HiddenFacts,
  })
}

/** Loads the code that keeps a requester in step with this storage. @throws the error of a failed `import()` */
export const loadPersistence = (storage: RequesterStorage): Promise<PersistenceCode> =>
  storage[hidden].load() as Promise<PersistenceCode>
