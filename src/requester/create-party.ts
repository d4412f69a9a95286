import type { Flight } from './flight.ts'
import { createLedger } from './ledger.ts'
import { createLock } from './lock.ts'
import type { Party } from './party.ts'
import type { Services } from './services.ts'
import { createWallet } from './wallet.ts'

/** An empty one. Its ledger is there only where the application gives a storage. */
export function createParty(services: Services, name: string | undefined): Party {
  const { options, store } = services
  const empty = () => ({
    wallet: createWallet(options.maxEntries),
    pcts: new Map<string, string>(),
    neverUpgrades: new Set<string>(),
    flights: new Map<string, Flight>(),
  })
  const within = createLock()
  const party: Party = {
    name,
    ...empty(),
    ledger: undefined,
    interactions: new Map(),
    lock: (key, task) => within(key, () => store.lock(`uma:lock:${name ?? ''} ${key}`, task)),
    forget: () => void Object.assign(party, empty()),
  }
  return options.storage ? Object.assign(party, { ledger: createLedger(services, party) }) : party
}
