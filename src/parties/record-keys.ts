/** The keys of a requester's records in storage. `nameKey` keeps the parties apart. */
import { nameKey } from './party.ts'

type PartyName = string | undefined

/** The list of (host, authority key) pairs that have a stamp. */
export const indexKey = (name: PartyName): string => `uma:index:${nameKey(name)}`

/**
 * The stamp of one authority at one host: the list of its RPTs. Earlier versions kept the RPTs themselves under this key.
 */
export const stampKey = (name: PartyName, host: string, authorityKey: string): string =>
  `uma:rpts:${nameKey(name)} ${host} ${authorityKey}`

/** One RPT. */
export const rptKey = (name: PartyName, host: string, authorityKey: string, id: string): string =>
  `${rptPrefix(name)}${host} ${authorityKey} ${id}`

/** The keys of all RPTs of a party begin so. */
export const rptPrefix = (name: PartyName): string => `uma:rpt:${nameKey(name)} `

/** Copies of the RPTs of one authority at one host, in one record. */
export const snapshotKey = (name: PartyName, host: string, authorityKey: string): string =>
  `uma:snapshot:${nameKey(name)} ${host} ${authorityKey}`

/** The places of the RPTs of one authority at one host. */
export const placesKey = (name: PartyName, host: string, authorityKey: string): string =>
  `uma:places:${nameKey(name)} ${host} ${authorityKey}`

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
