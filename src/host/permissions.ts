import type { HostDialect, Permission, RptFacts } from './types.ts'

/** Clocks of two machines differ: so many seconds early, a permission is taken for begun. None is taken for longer than it says. */
const leeway = 5

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A time in seconds; undefined if none is given; NaN if it is none. */
const time = (value: unknown): number | undefined =>
  value === undefined || value === null ? undefined : typeof value === 'number' ? value : Number.NaN

/**
 * The permissions of an introspection answer or a JWT (FedAuthz §5.1.1). Entries that are none are left out, for they permit
 * nothing. Keycloak's `rsid` and `scopes` are read where the standard's members are missing.
 */
export function readPermissions(value: unknown): Permission[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry: unknown) => {
    if (!isObject(entry)) return []
    const standard = 'resource_id' in entry
    const id = standard ? entry.resource_id : entry.rsid
    const scopes = standard ? entry.resource_scopes : (entry.scopes ?? [])
    if (typeof id !== 'string' || !Array.isArray(scopes)) return []
    const times = { exp: time(entry.exp), iat: time(entry.iat), nbf: time(entry.nbf) }
    if (Object.values(times).some(Number.isNaN)) return []
    return { resource_id: id, resource_scopes: scopes.filter((scope) => typeof scope === 'string'), ...times }
  })
}

const keycloak = ({ authorization }: Record<string, unknown>) =>
  isObject(authorization) ? authorization.permissions : undefined

/** What an answer of introspection, or a JWT's claims, say of an RPT. `scope` says nothing (FedAuthz §5.1.1). */
export function readRptFacts(claims: Record<string, unknown>, dialect: HostDialect = {}): RptFacts | undefined {
  const text = (member: unknown) => (typeof member === 'string' ? member : undefined)
  const times = { exp: time(claims.exp), iat: time(claims.iat), nbf: time(claims.nbf) }
  if (Object.values(times).some(Number.isNaN)) return undefined
  const permissions = dialect.permissions ? dialect.permissions(claims) : (claims.permissions ?? keycloak(claims))
  return {
    permissions: readPermissions(permissions),
    ...times,
    clientId: text(claims.client_id) ?? text(claims.azp),
    subject: text(claims.sub),
    username: text(claims.username) ?? text(claims.preferred_username),
    claims,
  }
}

/** The window of a permission is where its own times and the token's meet (FedAuthz §5.1.1). */
const valid = (times: Pick<Permission, 'exp' | 'iat' | 'nbf'>, now: number): boolean =>
  now < (times.exp ?? Number.POSITIVE_INFINITY) && now + leeway >= (times.iat ?? 0) && now + leeway >= (times.nbf ?? 0)

/**
 * Whether these facts permit all of `scopes` at a resource now. A resource may have several permissions: their scopes count
 * together. Where no scope is needed, a permission of that resource is.
 *
 * @param now seconds since 1970
 */
export function permits(facts: RptFacts, resource: string, scopes: readonly string[], now: number): boolean {
  if (!valid(facts, now)) return false
  let here: Permission[] | undefined
  for (const permission of facts.permissions) {
    if (permission.resource_id !== resource || !valid(permission, now)) continue
    if (includesAll(permission.resource_scopes, scopes)) return true
    here ??= []
    here.push(permission)
  }
  return (
    here !== undefined &&
    here.length > 1 &&
    includesAll(
      here.flatMap((one) => one.resource_scopes),
      scopes,
    )
  )
}

/**
 * When these facts stop to permit `scopes` at a resource, in seconds since 1970; `undefined`: that is not known.
 *
 * @param now seconds since 1970
 */
export function endOf(facts: RptFacts, resource: string, scopes: readonly string[], now: number): number | undefined {
  const here = facts.permissions.filter(({ resource_id }) => resource_id === resource)
  const ends = [facts, ...here].flatMap(({ exp }) => (exp !== undefined && exp > now ? [exp] : []))
  return ends.sort((a, b) => a - b).find((end) => !permits(facts, resource, scopes, end))
}

const includesAll = (there: readonly string[], needed: readonly string[]): boolean => {
  for (const scope of needed) if (!there.includes(scope)) return false
  return true
}

/** A token that is bound to a key (RFC 9449 §6, RFC 8705 §3) is none for its bearer. */
export const isBound = ({ claims }: RptFacts): boolean => claims.cnf !== undefined && claims.cnf !== null

/** Scopes that a method needs: the first of these tables that says so. HEAD needs what GET needs. */
export function scopesFor(
  method: string,
  ...tables: readonly (Record<string, readonly string[]> | undefined)[]
): readonly string[] | undefined {
  const name = method === 'HEAD' ? 'GET' : method
  for (const table of tables) {
    if (table && Object.hasOwn(table, name)) return table[name]
    if (table && name !== 'OPTIONS' && Object.hasOwn(table, '*')) return table['*']
  }
  return undefined
}
