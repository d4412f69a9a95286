/** A warden whose authorization server is a few lines in this process: what it decides is looked at, not what goes over the wire. */
import { canonicalPattern } from '../../src/host/canonical-path.ts'
import { introspection } from '../../src/host/introspection.ts'
import { createResourceMap } from '../../src/host/resource-map.ts'
import type { HostEvent, HostOptions, Permission, ProtectedResource, RptValidation } from '../../src/host/types.ts'
import { createWarden, type Judge, type Verdict } from '../../src/host/warden.ts'
import { parseWwwAuthenticate } from '../../src/protocol/http/www-authenticate.ts'
import type { UmaStorage } from '../../src/storage/storage.ts'

export const ISSUER = 'https://as.example.com/realms/photos'

export interface WardenKit {
  judge: Judge
  /** Answers of introspection, by token. */
  tokens: Map<string, Record<string, unknown>>
  /** What the permission endpoint was asked for. */
  asked: { owner: string; permissions: Permission[] }[]
  introspected: string[]
  events: HostEvent[]
  protect(url: string, more?: Partial<ProtectedResource>): Promise<ProtectedResource>
  /** A token with these scopes at a resource. */
  token(resource: string, scopes?: string[], more?: Record<string, unknown>): string
  /** Set, it is what the permission endpoint does. */
  ticket: { answer: () => Promise<string | undefined> | string | undefined }
}

let count = 0

export function wardenKit(
  options: Partial<HostOptions> = {},
  storage: UmaStorage = new Map<string, string>(),
  validation?: RptValidation,
): WardenKit {
  const events: HostEvent[] = []
  const map = createResourceMap(storage, 'host:', (event) => events.push(event))
  const tokens: WardenKit['tokens'] = new Map()
  const asked: WardenKit['asked'] = []
  const introspected: string[] = []
  const ticket: WardenKit['ticket'] = { answer: () => `ticket-${++count}` }
  const introspect = async (_owner: string, token: string) => {
    introspected.push(token)
    return tokens.get(token) ?? { active: false }
  }
  const judge = createWarden({
    issuer: () => ISSUER,
    find: (path) => map.find(path),
    at: (url) => map.at(canonicalPattern(url)),
    validate: validation ?? introspection(introspect, options),
    ticket: async (owner, permissions) => {
      asked.push({ owner, permissions })
      return ticket.answer()
    },
    tell: (event) => events.push(event),
    options,
  })
  return {
    judge,
    tokens,
    asked,
    introspected,
    events,
    ticket,
    async protect(url, more) {
      const pattern = canonicalPattern(url)
      const scopes = ['read', 'write']
      const description = { resource_scopes: scopes }
      const resource = { id: `id-of-${pattern}`, pattern, owner: 'alice', scopes, description, ...more }
      await map.put(resource)
      return resource
    },
    token(resource, scopes = ['read'], more = {}) {
      const token = `rpt-${++count}`
      const id = resource.startsWith('id-of-') ? resource : `id-of-${canonicalPattern(resource)}`
      tokens.set(token, { active: true, permissions: [{ resource_id: id, resource_scopes: scopes }], ...more })
      return token
    },
  }
}

export interface Asked {
  method?: string
  target: string
  token?: string
  headers?: Record<string, string>
  hosts?: number
  authorizations?: number
}

/** One request, judged. */
export function ask(
  judge: Judge,
  { method = 'GET', token, headers = {}, ...facts }: Asked,
  options?: Parameters<Judge>[1],
) {
  const all: Record<string, string> = { ...headers, ...(token && { authorization: `Bearer ${token}` }) }
  return judge({ method, header: (name) => all[name], ...facts }, options)
}

export const answered = (verdict: Verdict) => {
  if (!('answer' in verdict)) throw new Error('It was let through.')
  const { status, headers, body } = verdict.answer
  const lines = (name: string) => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
  return { status, lines, body, challenges: parseWwwAuthenticate(lines('www-authenticate')).challenges }
}

export const passed = (verdict: Verdict) => {
  if ('answer' in verdict) throw new Error(`It was refused with ${verdict.answer.status}.`)
  return verdict
}

export const statusOf = (verdict: Verdict): number => ('answer' in verdict ? verdict.answer.status : 200)
