import type { Flight } from './flight.ts'
import { createLock, type Lock } from './lock.ts'
import { createWallet, type Wallet } from './wallet.ts'

/** All that is kept for one requesting party. Nothing of it is ever shared with another. */
export interface Party {
  name: string | undefined
  wallet: Wallet
  /** PCTs by authority (Grant §3.3.5, §5.2). */
  pcts: Map<string, string>
  /** Authority and host where the server was seen to ignore `rpt`: flows run side by side there. */
  neverUpgrades: Set<string>
  /** Flows under way, by what they are for. */
  flights: Map<string, Flight>
  /** Interactions with a person under way, by issuer. */
  interactions: Map<string, Promise<unknown>>
  lock: Lock
}

export function createParty(name: string | undefined, maxEntries: number | undefined): Party {
  return {
    name,
    wallet: createWallet(maxEntries),
    pcts: new Map(),
    neverUpgrades: new Set(),
    flights: new Map(),
    interactions: new Map(),
    lock: createLock(),
  }
}
