/** The keys of a requester's records in storage. `nameKey` keeps the parties apart. */
import { nameKey } from './party.ts'

type PartyName = string | undefined

/** The list of (host, authority key) pairs that have a record of RPTs. */
export const indexKey = (name: PartyName): string => `uma:index:${nameKey(name)}`

/** The RPTs of one authority at one host. */
export const rptsKey = (name: PartyName, host: string, authorityKey: string): string =>
  `uma:rpts:${nameKey(name)} ${host} ${authorityKey}`

/** The PCT of one authority. */
export const pctKey = (name: PartyName, authorityKey: string): string => `uma:pct:${nameKey(name)} ${authorityKey}`

/** The sign-ins of a party. */
export const identitiesKey = (name: PartyName): string => `uma:identities:${nameKey(name)}`

/** The number of sign-outs of a party: records of an older epoch are void. */
export const epochKey = (name: PartyName): string => `uma:epoch:${nameKey(name)}`

/** A flow that waits for a person to come back with this state. */
export const pendingKey = (state: string): string => `uma:pending:${state}`

/** The mark that a person came back with this state and the flow is finished. The state is hashed. */
export const finishedKey = (name: PartyName, stateHash: string): string => `uma:finished:${nameKey(name)} ${stateHash}`

/** How often a person was sent away for one place. The place is hashed. */
export const redirectsKey = (name: PartyName, placeHash: string): string =>
  `uma:redirects:${nameKey(name)} ${placeHash}`

/** A lock across tabs and processes. */
export const lockKey = (name: PartyName, key: string): string => `uma:lock:${nameKey(name)} ${key}`

/** The issuer that people come back from to a redirect URI. */
export const redirectUriKey = (redirectUri: string): string => `uma:redirect-uri:${redirectUri}`
