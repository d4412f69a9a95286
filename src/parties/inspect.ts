import type { Identity } from '../authorization-server/sign-in/identity.ts'
import { bare } from '../events.ts'
import { type Authority, issuerOf } from '../trust/authority.ts'
import type { Trust } from '../trust/trust.ts'
import type { Rpt } from '../wallet/rpt.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { nameKey, type Party, type RecordStore } from './party.ts'
import { readIdentities } from './sign-ins.ts'

/** The RPTs of one host, as `inspect` shows them. */
export interface InspectedRpt {
  host: string
  /** Milliseconds since 1970; undefined: not known. */
  expiresAt: number | undefined
  /** The places that the RPT was seen to open, as `METHOD url` without the query. */
  places: string[]
}

/** What is kept at one authorization server, as `inspect` shows it. */
export interface InspectedServer {
  issuer: string
  /** The protocol that the server speaks: `uma2`, `uma1`, `puma`. */
  scheme: string
  /** There are several at one issuer if a registered client was replaced. */
  clientId: string
  /** The party's own access token there. `expiresAt`: milliseconds since 1970; undefined: not known. */
  signedIn?: { expiresAt: number | undefined; scope: string | undefined }
  rpts: InspectedRpt[]
}

/** What is kept for a requesting party; plain JSON, without a secret. */
export interface Inspection {
  requestingParty: string | undefined
  authorizationServers: InspectedServer[]
}

/** Reads what is kept for a party. Authorization servers that are not trusted any more are left out. */
export async function inspectParty(trust: Pick<Trust, 'find'>, party: Party): Promise<Inspection> {
  await party.stored?.readAll()
  const identities = await readIdentities(party)
  const authorizationServers: InspectedServer[] = []
  for (const [key, hosts] of hostsByAuthority(party, identities)) {
    const authority = await findQuietly(trust, key)
    if (authority) authorizationServers.push(inspectServer(party, authority, key, hosts, identities.get(key)))
  }
  return { requestingParty: party.name, authorizationServers }
}

/** The authority keys with anything kept, and the hosts of their RPTs. */
function hostsByAuthority({ wallet, pcts }: Party, identities: Map<string, Identity>): Map<string, Set<string>> {
  const hosts = new Map<string, Set<string>>()
  for (const key of [...identities.keys(), ...pcts.keys()]) hosts.set(key, new Set())
  for (const { authority, host } of wallet.all()) {
    const known = hosts.get(authority) ?? new Set()
    hosts.set(authority, known.add(host))
  }
  return hosts
}

/** An error of the application's function leaves out this server, and no other. */
async function findQuietly(trust: Pick<Trust, 'find'>, key: string): Promise<Authority | undefined> {
  try {
    return await trust.find(issuerOf(key))
  } catch {
    return undefined
  }
}

function inspectServer(
  { wallet }: Party,
  { scheme }: Authority,
  key: string,
  hosts: Set<string>,
  identity: Identity | undefined,
): InspectedServer {
  const issuer = issuerOf(key)
  const places = placesOf(wallet)
  const rpts = [...hosts].flatMap((host) =>
    [...wallet.of(host)]
      .filter(({ authority }) => authority === key)
      .map((rpt) => ({ host, expiresAt: rpt.grant.expiresAt, places: [...(places.get(rpt) ?? [])] })),
  )
  return {
    issuer,
    scheme: scheme.name,
    clientId: key.slice(issuer.length + 1),
    ...(identity && { signedIn: { expiresAt: identity.expiresAt, scope: identity.scope } }),
    rpts,
  }
}

/** The places of each RPT, as `METHOD url` without the query. */
function placesOf(wallet: Wallet): Map<Rpt, Set<string>> {
  const places = new Map<Rpt, Set<string>>()
  wallet.eachPlace((rpt, method, target) => {
    const known = places.get(rpt) ?? new Set()
    places.set(rpt, known.add(`${method} ${bare(target)}`))
  })
  return places
}

/** The requesting parties for whom something is kept: in memory, and in storage as far as it can list its keys. */
export async function knownParties(records: RecordStore, inMemory: Iterable<Party>): Promise<(string | undefined)[]> {
  const names = new Set<string>()
  for (const { name, wallet, identities, pcts } of inMemory) {
    if (identities.size > 0 || pcts.size > 0 || wallet.all().length > 0) names.add(nameKey(name))
  }
  for (const prefix of ['uma:index:', 'uma:identities:']) {
    for (const key of await records.keys(prefix)) names.add(key.slice(prefix.length))
  }
  return [...names].flatMap(readName)
}

/** A key that is no name of a party belongs to nobody. */
function readName(key: string): (string | undefined)[] {
  try {
    const name: unknown = JSON.parse(key)
    if (name === null) return [undefined]
    return typeof name === 'string' ? [name] : []
  } catch {
    return []
  }
}
