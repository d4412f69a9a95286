/**
 * The main entry of version 1, made of today's. A storage was a `Map`, a Keyv or an object with `get`, `set` and
 * `delete`; today `keyValueStorage` makes a storage of it. `inspect`, `parties` and `handleCallback` were methods.
 */
import { handleCallback } from '../../src/callback.ts'
import { createRequester as create, type Requester, type RequesterOptions, type UmaStorage } from '../../src/index.ts'
import { inspect, parties } from '../../src/inspect.ts'
import { optionsOf } from './version-1-options.ts'
import { storageOf } from './version-1-storage.ts'

export * from '../../src/index.ts'

/** A requester as version 1 had it. */
export type Version1Requester = Omit<Requester, 'as'> & {
  as(requestingParty: string): Version1Requester
  inspect(): ReturnType<typeof inspect>
  parties(): ReturnType<typeof parties>
  handleCallback(url?: string): ReturnType<typeof handleCallback>
}

export type { Version1Requester as Requester }

/** The options of version 1. */
export type Version1Options = Omit<RequesterOptions, 'storage'> & { storage?: UmaStorage }

export type { Version1Options as RequesterOptions }

/** Adds the methods of version 1, also to the requesters of other parties. */
function withMethods(requester: Requester): Version1Requester {
  const as = requester.as.bind(requester)
  return Object.assign(requester, {
    as: (requestingParty: string) => withMethods(as(requestingParty)),
    inspect: () => inspect(requester),
    parties: () => parties(requester),
    handleCallback: (url?: string) => handleCallback(requester, url),
  })
}

export function createRequester(options: Version1Options): Version1Requester {
  return withMethods(create({ ...optionsOf(options), ...storageOf(options.storage) } as RequesterOptions))
}

export const memoryStorage = (): UmaStorage => new Map<string, string>()
