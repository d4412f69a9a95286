import { bare } from './events.ts'
import { identitiesOf } from './identities.ts'
import { nameKey, type Party } from './party.ts'
import type { Services } from './services.ts'
import { issuerOf } from './trust.ts'

/** What is kept for a requesting party; plain JSON, without a secret. */
export interface Inspection {
  requestingParty: string | undefined
  /** Those at which something is kept. */
  authorizationServers: {
    issuer: string
    /** The protocol that it speaks: `uma2`, `uma1`, `puma`. */
    scheme: string
    /** More than one at an issuer, where a registered client was replaced. */
    clientId: string
    /** The party's own access token there. `expiresAt`: milliseconds since 1970; undefined: not known. */
    signedIn?: { expiresAt: number | undefined; scope: string | undefined }
    /** The RPTs, by the hosts that they are for. `places`: what they were seen to open, as `METHOD url` without the query. */
    rpts: { host: string; expiresAt: number | undefined; places: string[] }[]
  }[]
}

/** Reads what is kept for a party. What was kept of authorization servers that are not trusted any more is left out. */
export async function inspect(services: Services, party: Party): Promise<Inspection> {
  await party.ledger?.readAll()
  const { wallet, pcts, name } = party
  const identities = await identitiesOf(services, party)
  const hosts = new Map<string, Set<string>>([...identities.keys(), ...pcts.keys()].map((key) => [key, new Set()]))
  for (const { authority, host } of wallet.all()) hosts.set(authority, (hosts.get(authority) ?? new Set()).add(host))
  const authorizationServers: Inspection['authorizationServers'] = []
  for (const [key, at] of hosts) {
    const issuer = issuerOf(key)
    // A resolver that cannot tell now keeps nobody from the rest.
    const authority = await services.trust.find(issuer, issuer).catch(() => undefined)
    if (!authority) continue
    const identity = identities.get(key)
    authorizationServers.push({
      issuer,
      scheme: authority.scheme.name,
      clientId: key.slice(issuer.length + 1),
      ...(identity && { signedIn: { expiresAt: identity.expiresAt, scope: identity.scope } }),
      rpts: [...at].flatMap((host) =>
        wallet.dump(key, host).rpts.map(({ grant: { expiresAt }, places }) => ({
          host,
          expiresAt,
          places: [...new Set(places.map(([method, url]) => `${method} ${bare(url)}`))],
        })),
      ),
    })
  }
  return { requestingParty: name, authorizationServers }
}

/** The requesting parties for whom something is kept, in memory or, as far as it can list, in storage. */
export async function partiesOf({ store }: Services, known: Iterable<Party>): Promise<(string | undefined)[]> {
  const names = new Set<string>()
  for (const { name, wallet, identities, pcts } of known)
    if (identities.size || pcts.size || wallet.all().length) names.add(nameKey(name))
  for (const prefix of ['uma:index:', 'uma:identities:'])
    for (const key of await store.keys(prefix)) names.add(key.slice(prefix.length))
  return [...names].flatMap((name) => {
    try {
      return [JSON.parse(name) ?? undefined]
    } catch {
      // Whatever else lies there under such a key is nobody's.
      return []
    }
  })
}
