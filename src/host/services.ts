import type { Caller } from '../authorization-server/call.ts'
import type { FlowContext } from '../authorization-server/client-authentication.ts'
import { createDiscovery } from '../authorization-server/discovery.ts'
import { wellKnownUma2 } from '../protocol/uma2/challenge.ts'
import type { HostParts } from './assemble.ts'
import { checkHost } from './check-options.ts'
import { type Connect, createClient } from './client.ts'
import { sparing, wasTurnedAway } from './load.ts'
import { createPats } from './pat.ts'
import { createProtectionApi } from './protection-api.ts'
import type { HostEvent, HostOptions } from './types.ts'

/**
 * How a host reaches its authorization server: everything goes through fetches that spare it.
 *
 * @throws TypeError for options that cannot be right or safe
 */
export function createServices(options: HostOptions): HostParts {
  checkHost(options)
  const { issuer, pat = { grant: 'client_credentials' }, load = {}, timeouts = {}, dialect = {} } = options
  const storage = options.storage ?? new Map<string, string>()
  const prefix = prefixOf(options)
  const tell = async (event: HostEvent): Promise<void> => {
    try {
      await options.onEvent?.(event)
    } catch {
      // A listener's fault, now or later, is no reason for a request to fail.
    }
  }
  const { rest: fetch, ...apart } = sparing(
    () => options.fetch ?? globalThis.fetch,
    load,
    (event) => void tell(event),
  )
  const caller: Caller = { fetch: () => fetch, timeout: timeouts.request ?? 3_000, notSent: wasTurnedAway }
  const discovery = createDiscovery(caller, () => {})
  const metadata: HostParts['metadata'] = () => discovery(options, wellKnownUma2)
  const hostClient = createClient(options, { issuer, caller, metadata, storage, prefix, tell })

  const connect: Connect = async (owner, not) => {
    // Nobody waits for a host's calls with a signal: the time-out ends them.
    const context = { requestingParty: owner, issuer, signal: new AbortController().signal }
    const [document, self] = await Promise.all([metadata(), hostClient(not)])
    return { caller, metadata: document, client: self, context: context as FlowContext }
  }
  const pats = createPats({ issuer, grant: pat, connect, storage, prefix, tell })
  /** The same API; what it sends itself goes this way. PATs and registration do not. */
  const api = (way: Caller['fetch']) => {
    const own: Caller = { ...caller, fetch: way }
    const connectSo: Connect = async (owner, not) => ({ ...(await connect(owner, not)), caller: own })
    return createProtectionApi({ issuer, caller: own, metadata, connect: connectSo, pats, dialect })
  }
  const [known, strange] = [api(() => apart.knownTokens), api(() => apart.strangeTokens)]
  return {
    issuer,
    storage,
    prefix,
    tell,
    metadata,
    api: {
      ...api(() => fetch),
      ticket: api(() => apart.tickets).ticket,
      introspect: (owner, token, recent) => (recent ? known : strange).introspect(owner, token),
    },
    fetch: () => fetch,
    hasPat: pats.has,
    authorizationUrl: pats.authorizationUrl,
    completeAuthorization: pats.completeAuthorization,
  }
}

/**
 * Before all keys of a host. What is protected, and a PAT, belong to host and authorization server (FedAuthz §1.3): hosts on one
 * storage do not share them.
 */
function prefixOf({ issuer, client, name = '' }: HostOptions): string {
  const host = 'id' in client ? encodeURIComponent(client.id) : name && `name:${encodeURIComponent(name)}`
  return `host|${issuer}|${host && `${host}|`}`
}
