import type { HostDialect, ProtectedResource, ResourceDescription, ResourceOptions } from './types.ts'

/** All scopes that can be asked for: those that are named, and those that methods need. */
export function scopesOf(options: ResourceOptions, methods: Record<string, readonly string[]>): string[] {
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
export function describe(
  options: ResourceOptions,
  scopes: string[],
  names: HostDialect['resourceNames'] = 'text',
): ResourceDescription {
  const { description, iconUri, type, more } = options
  const name = names === 'text' || URL.canParse(options.name ?? '') ? options.name : undefined
  const members = { ...more, name, description, icon_uri: iconUri, type, resource_scopes: scopes }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ResourceDescription
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
