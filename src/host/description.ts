import { canonicalPattern } from './canonical-path.ts'
import { checkResource, checkUrl } from './check-options.ts'
import type { HostDialect, ProtectedResource, ResourceDescription, ResourceOptions } from './types.ts'

/** All scopes that can be asked for: those that are named, and those that methods need. */
function scopesOf(options: ResourceOptions, methods: Record<string, readonly string[]>): string[] {
  const own = options.methods ?? {}
  // Where the resource has a rule for all other methods, those of the host say nothing (but of OPTIONS, which is none of them).
  const hosts = Object.hasOwn(own, '*') ? { OPTIONS: methods.OPTIONS ?? [] } : methods
  return [...new Set([...(options.scopes ?? []), ...Object.values({ ...hosts, ...own }).flat()])]
}

/**
 * The description that is registered (FedAuthz §3.1). Nothing is told of a resource that its owner's host did not say (§8).
 *
 * @param names how the server takes names: `HostDialect.resourceNames`
 */
function describe(
  options: ResourceOptions,
  scopes: string[],
  names: HostDialect['resourceNames'] = 'text',
): ResourceDescription {
  const { description, iconUri, type, more } = options
  const name = names === 'text' || URL.canParse(options.name ?? '') ? options.name : undefined
  const members = { ...more, name, description, icon_uri: iconUri, type, resource_scopes: scopes }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ResourceDescription
}

/**
 * The canonical pattern of a URL that was given to `update` or `unprotect`.
 *
 * @throws TypeError if the URL has a query, a fragment or more than one reading
 */
export function patternOf(url: string): string {
  checkUrl(url)
  return canonicalPattern(url)
}

/**
 * The resource that these options describe, without the id of the authorization server.
 *
 * @throws TypeError for options that cannot be right
 */
export function entryOf(
  options: ResourceOptions,
  methods: Record<string, readonly string[]>,
  names: HostDialect['resourceNames'],
): Omit<ProtectedResource, 'id'> {
  checkResource(options)
  const scopes = scopesOf(options, methods)
  const { owner, methods: own, name } = options
  const entry = { pattern: canonicalPattern(options.url), owner, scopes, description: describe(options, scopes, names) }
  return { ...entry, ...(own && { methods: own }), ...(name !== undefined && { name }) }
}

/** What `protect` was told of a resource. */
export function optionsOf({
  pattern,
  owner,
  scopes,
  methods,
  name: own,
  description,
}: ProtectedResource): ResourceOptions {
  const { resource_scopes: _, name = own, description: text, icon_uri: iconUri, type, ...more } = description
  const options = { url: pattern, owner, scopes, methods, name, description: text, iconUri, type, more }
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as ResourceOptions
}

/** Members that an authorization server adds of its own. */
const added = new Set(['_id', 'user_access_policy_uri'])

/** Whether two descriptions say the same; the order of scopes does not matter. */
export function sameDescription(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  return canonical(one) === canonical(other)
}

function canonical(description: Record<string, unknown>): string {
  const members = Object.entries(description).filter(([name, value]) => value !== undefined && !added.has(name))
  const sorted = members.map(([name, value]) => [
    name,
    name === 'resource_scopes' ? [...(value as string[])].sort() : value,
  ])
  return JSON.stringify(sorted.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
}
