import type { Identity } from '../authorization-server/identity.ts'
import { type InvalidTokenResponseError, isUmaError, UmaError } from '../errors.ts'
import { readObject } from '../protocol/read-object.ts'
import { ownConnection } from './connection.ts'
import { nameKey, type Party } from './party.ts'
import { epochOf } from './pending.ts'
import type { Services } from './services.ts'
import type { Authority } from './trust.ts'

/** The sign-ins of one party, by authority. */
interface IdentitiesRecord {
  v: 1
  epoch: string
  of: Record<string, Identity>
}

/** Where the sign-ins of a party are stored. */
export const identitiesKey = (name: string | undefined): string => `uma:identities:${nameKey(name)}`

const isIdentity = (identity: Identity | undefined): identity is Identity =>
  typeof identity?.accessToken === 'string' && /^[\x21-\x7e]+$/.test(identity.accessToken)

/** The sign-ins of a party. What another tab or process has brought, or a sign-out there has ended, counts at once. */
export async function identitiesOf(services: Services, party: Party): Promise<Map<string, Identity>> {
  const { options, store } = services
  if (!options.storage) return party.identities
  const [text, epoch] = await Promise.all([store.get(identitiesKey(party.name)), epochOf(services, party)])
  // What cannot be read is not gone: memory does.
  if (text === false || epoch === false) return party.identities
  const record = readObject(text ?? '') as IdentitiesRecord | undefined
  const current = record?.v === 1 && record.epoch === epoch ? Object.entries(Object(record.of)) : []
  party.identities = new Map(current.filter((entry): entry is [string, Identity] => isIdentity(entry[1] as Identity)))
  return party.identities
}

/**
 * Keeps a sign-in, or forgets it.
 *
 * @param epoch as it was when the sign-in began: what was signed out of since is not kept
 * @returns whether it was kept
 */
export function keepIdentity(
  services: Services,
  party: Party,
  key: string,
  identity: Identity | undefined,
  epoch?: string | false,
): Promise<boolean> {
  const { options, store } = services
  return party.lock('identities', async () => {
    // In this order: a sign-out in between leaves what is written here without effect.
    const all = await identitiesOf(services, party)
    const now = await epochOf(services, party)
    if (epoch && now && epoch !== now) return false
    identity ? all.set(key, identity) : all.delete(key)
    if (!options.storage) return true
    const record: IdentitiesRecord = { v: 1, epoch: now || '0', of: Object.fromEntries(all) }
    await (all.size
      ? store.set(identitiesKey(party.name), JSON.stringify(record))
      : store.delete(identitiesKey(party.name)))
    return true
  })
}

/**
 * The sign-in of a party at an authority, refreshed where it has ended: once for all who ask at the same time. Undefined: nobody is
 * signed in.
 *
 * @param not an access token that is no longer good
 * @throws UmaError when the authorization server was not reached
 */
export async function identityOf(
  services: Services,
  party: Party,
  authority: Authority,
  not?: string,
): Promise<Identity | undefined> {
  const { key, server } = authority
  const held = async (): Promise<Identity | undefined> => (await identitiesOf(services, party)).get(key)
  const ended = ({ accessToken, expiresAt }: Identity): boolean =>
    accessToken === not || (expiresAt !== undefined && expiresAt <= Date.now())
  const first = await held()
  if (!first || !ended(first)) return first
  return party.lock(`identity ${key}`, async () => {
    // Before what is held is read: signed out in between, nothing is held.
    const epoch = await epochOf(services, party)
    const identity = await held()
    if (!identity || !ended(identity)) return identity
    const { refreshToken, ...rest } = identity
    const signIn = server.signIn ?? authority.scheme.signIn
    try {
      if (!refreshToken || !signIn?.refresh) throw undefined
      // Sent once, whatever becomes of this process: it may be good for one use only.
      if (!(await keepIdentity(services, party, key, rest, epoch))) return undefined
      const fresh = await signIn.refresh(await ownConnection(services, party, authority), identity)
      const merged = { ...rest, refreshToken, ...fresh }
      services.tell({ type: 'sign-in-refreshed', issuer: server.issuer })
      return (await keepIdentity(services, party, key, merged, epoch)) ? merged : undefined
    } catch (error) {
      // Not reached, or not well, is not refused. Some servers refuse with a status only.
      const passing =
        error instanceof UmaError &&
        !/^(invalid_(grant|client)|unauthorized_client|interaction_required|request_denied|40[013])$/.test(
          `${(error as InvalidTokenResponseError).status ?? error.code}`,
        )
      // If it did arrive, a second attempt is refused, and that costs no more than giving up now.
      await keepIdentity(services, party, key, passing ? identity : undefined, epoch)
      // The same with a sign-in for a client that is forgotten there: a new client comes first.
      if (passing || (server.client.register && isUmaError(error, 'invalid_client'))) throw error
      services.tell({ type: 'sign-in-dropped', issuer: server.issuer })
      return undefined
    }
  })
}
