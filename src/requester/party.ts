import type { Flight } from './flight.ts'
import { createLock, type Lock } from './lock.ts'
import { createWallet, type Wallet } from './wallet.ts'

/** All that is kept for one requesting party. Nothing of it is ever shared with another. */
export interface Party {
  readonly name: string | undefined
  wallet: Wallet
  /** PCTs by authority (Grant §3.3.5, §5.2). */
  pcts: Map<string, string>
  /** Authority and host where the server was seen to ignore `rpt`: flows run side by side there. */
  readonly neverUpgrades: Set<string>
  /** Flows under way, by what they are for. */
  flights: Map<string, Flight>
  /** Interactions with a person under way, by issuer. */
  readonly interactions: Map<string, Promise<unknown>>
  readonly lock: Lock
  /** Starts anew; what flows under way still bring goes where nobody looks. */
  forget(): void
}

export function createParty(name: string | undefined, maxEntries: number | undefined): Party {
  const empty = () => ({
    wallet: createWallet(maxEntries),
    pcts: new Map<string, string>(),
    flights: new Map<string, Flight>(),
  })
  const party: Party = {
    name,
    ...empty(),
    neverUpgrades: new Set(),
    interactions: new Map(),
    lock: createLock(),
    forget: () => void Object.assign(party, empty()),
  }
  return party
}
