import { hidden, type RequesterStorage, type UmaStorage } from './storage.ts'

/** The code that keeps a requester in step with a storage. */
export type PersistenceCode = typeof import('../persistence/open-persistence.ts')

/** The functions of a storage, without the hidden property that `requesterStorage` adds. */
export type FunctionsOf<Storage extends RequesterStorage> = Omit<Storage, typeof hidden>

/** Adds the hidden loader to the functions of a storage. The property is not enumerable. */
export function requesterStorage<Functions extends UmaStorage>(
  functions: Functions,
  { inMemory = false }: { inMemory?: boolean } = {},
): Functions & RequesterStorage {
  const load = (): Promise<PersistenceCode> => import('../persistence/open-persistence.ts')
  return Object.defineProperty(functions as Functions & RequesterStorage, hidden, { value: { load, inMemory } })
}

/** Loads the code that keeps a requester in step with this storage. @throws the error of a failed `import()` */
export const loadPersistence = (storage: RequesterStorage): Promise<PersistenceCode> =>
  storage[hidden].load() as Promise<PersistenceCode>
