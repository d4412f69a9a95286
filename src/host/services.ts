import type { Caller } from '../authorization-server/call.ts'
import type { FlowContext } from '../authorization-server/client-authentication.ts'
import { createDiscovery } from '../authorization-server/discovery.ts'
import type { Connection } from '../authorization-server/token-request.ts'
import { secureUrl } from '../protocol/secure-url.ts'
import { wellKnownUma2 } from '../protocol/uma-challenge.ts'
import type { HostParts } from './assemble.ts'
import { createClient } from './client.ts'
import { sparing } from './load.ts'
import { createPats } from './pat.ts'
import { createProtectionApi } from './protection-api.ts'
import type { HostEvent, HostOptions } from './types.ts'

/**
 * How a host reaches its authorization server: everything goes through fetches that spare it.
 *
 * @throws TypeError for options that cannot be right or safe
 */
export function createServices(options: HostOptions): HostParts {
  const { issuer, client, pat = { grant: 'client_credentials' }, load = {}, timeouts = {}, dialect = {} } = options
  const must = (condition: unknown, what: string): void => {
    if (!condition) throw new TypeError(`createHost: ${what}`)
  }
  const rule = 'https (or http on this machine), without credentials, query and fragment'
  must(secureUrl(issuer) && !issuer.includes('?'), `the issuer must be ${rule}`)
  must(client && ('register' in client || client.id), 'client: an id, or metadata to register')
  must(pat.grant === 'client_credentials' || secureUrl(pat.redirectUri), `pat.redirectUri must be ${rule}`)

  const storage = options.storage ?? new Map<string, string>()
  const prefix = `host|${issuer}|`
  const tell = (event: HostEvent): void => {
    try {
      options.onEvent?.(event)
    } catch {
      // A listener's fault is no reason for a request to fail.
    }
  }
  const { rest: fetch, ...apart } = sparing(() => options.fetch ?? globalThis.fetch, load, tell)
  const caller: Caller = { fetch: () => fetch, timeout: timeouts.request ?? 3_000 }
  const discovery = createDiscovery(caller, () => {})
  const metadata: HostParts['metadata'] = () => discovery(options, wellKnownUma2)
  const hostClient = createClient(options, { issuer, caller, metadata, storage, prefix, tell })

  const connect = async (owner: string | undefined, not?: string): Promise<Connection> => {
    // Nobody waits for a host's calls with a signal: the time-out ends them.
    const context = { requestingParty: owner, issuer, resource: issuer, signal: new AbortController().signal }
    const [document, self] = await Promise.all([metadata(), hostClient(not)])
    return { caller, metadata: document, client: self, context: context as FlowContext }
  }
  // A PAT belongs to owner, host and authorization server (FedAuthz §1.3): clients on one storage do not share them.
  const mine = `${prefix}${'id' in client ? `${encodeURIComponent(client.id)}|` : ''}`
  const pats = createPats({ issuer, grant: pat, connect, storage, prefix: mine, tell })
  /** The same API; what it sends itself goes this way. PATs and registration do not. */
  const api = (fetch: Caller['fetch']) => {
    const own: Caller = { ...caller, fetch }
    const connectSo: typeof connect = async (owner, not) => ({ ...(await connect(owner, not)), caller: own })
    return createProtectionApi({ issuer, caller: own, metadata, connect: connectSo, pats, dialect })
  }
  return {
    issuer,
    storage,
    tell,
    metadata,
    api: {
      ...api(() => fetch),
      ticket: api(() => apart.tickets).ticket,
      introspect: api(() => apart.introspection).introspect,
    },
    fetch: () => fetch,
    hasPat: pats.has,
    authorizationUrl: pats.authorizationUrl,
    completeAuthorization: pats.completeAuthorization,
  }
}
