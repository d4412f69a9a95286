import type { Identity } from '../authorization-server/identity.ts'
import type { Flight } from './flight.ts'
import { createLedger } from './ledger.ts'
import { createLock } from './lock.ts'
import { nameKey, type Party } from './party.ts'
import type { Services } from './services.ts'
import { createWallet } from './wallet.ts'

/** An empty one. Its ledger is there only where the application gives a storage. */
export function createParty(services: Services, name: string | undefined): Party {
  const { options, store } = services
  const empty = () => ({
    wallet: createWallet(options.maxEntries),
    pcts: new Map<string, string>(),
    identities: new Map<string, Identity>(),
    neverUpgrades: new Set<string>(),
  })
  const within = createLock()
  const party: Party = {
    name,
    ...empty(),
    ledger: undefined,
    flights: new Map<string, Flight>(),
    interactions: new Map(),
    lock: (key, task) => within(key, () => store.lock(`uma:lock:${nameKey(name)} ${key}`, task)),
    forget() {
      const { wallet } = party
      Object.assign(party, empty())
      for (const rpt of wallet.all()) wallet.drop(rpt)
    },
  }
  return options.storage ? Object.assign(party, { ledger: createLedger(services, party) }) : party
}
