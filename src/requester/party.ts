import type { Flight } from './flight.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createLock, type Lock } from './lock.ts'
import type { Services } from './services.ts'
import { createWallet, type Wallet } from './wallet.ts'

/** All that is kept for one requesting party. Nothing of it is ever shared with another. */
export interface Party {
  readonly name: string | undefined
  wallet: Wallet
  /** Keeps the wallet in step with storage; none where there is only memory. */
  readonly ledger: Ledger | undefined
  /** PCTs by authority (Grant §3.3.5, §5.2). */
  pcts: Map<string, string>
  /** Authority and host where the server was seen to ignore `rpt`: flows run side by side there. */
  neverUpgrades: Set<string>
  /** Flows under way, by what they are for. */
  flights: Map<string, Flight>
  /** Interactions with a person under way, by issuer. */
  readonly interactions: Map<string, Promise<unknown>>
  /** Within this process, and as far as the storage can lock: across tabs and processes. */
  readonly lock: Lock
  /** Starts anew; what flows under way still bring goes where nobody looks. */
  forget(): void
}

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
