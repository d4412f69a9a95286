import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import type { UmaStorage } from '../storage/storage.ts'
import { canonicalPath, canonicalPattern, wirePath } from './canonical-path.ts'
import { type FetchHandler, guardFetch } from './guard.ts'
import { introspection } from './introspection.ts'
import { after, type MaybePromise } from './maybe.ts'
import { createPanel, type PanelOptions } from './panel.ts'
import type { ProtectionApi } from './protection-api.ts'
import { createResourceMap } from './resource-map.ts'
import { createResources, type Resources } from './resources.ts'
import type { HostEvent, HostOptions, Permission, ProtectedResource } from './types.ts'
import { createWarden, type GuardOptions, type Judge, usualMethods } from './warden.ts'

/** The other end of UMA: a host whose resources an authorization server protects. */
export interface Host extends Resources {
  /** Decides about one request: for guards of other frameworks. Never throws, never rejects. */
  judge: Judge
  /** Guards a fetch-style handler. For node:http and Express see `./host/node`, for Hono `./host/hono`. */
  guard<Rest extends unknown[]>(
    handler: FetchHandler<Rest>,
    options?: GuardOptions,
  ): (request: Request, ...rest: Rest) => Promise<Response>
  /** The resource that protects this URL or path, also by a pattern; or that of a pattern itself. */
  resourceAt(url: string): Promise<ProtectedResource | undefined>
  /** Whose the resource is that protects this URL or path. */
  ownerOf(url: string): Promise<string | undefined>
  /** Whether the host can act for this owner at the authorization server now. */
  hasPat(owner: string): Promise<boolean>
  /** Where an owner agrees that the host acts for them: send them there. For PATs by authorization code only. */
  authorizationUrl(owner: string): Promise<string>
  /**
   * Ends what `authorizationUrl` began, with the URL that the owner came back on. Resolves with the owner.
   *
   * @param owner who is signed in to the application now: give it, or somebody could get another person to finish what they began
   * @throws InvalidStateError when nothing like that is under way for this owner; RedirectError when they did not agree
   */
  completeAuthorization(callbackUrl: string, owner?: string): Promise<string>
  /** The buttons with which an owner shares a resource and stops sharing it, as a fetch-style handler. */
  panel(options: PanelOptions): (request: Request) => Promise<Response>
}

/** What a host stands on: how the authorization server is reached, and where things are kept. */
export interface HostParts {
  issuer: string
  storage: UmaStorage
  /** Of all the host's keys there. */
  prefix: string
  tell: (event: HostEvent) => void
  metadata: () => Promise<AuthorizationServerMetadata>
  api: ProtectionApi
  fetch: () => typeof globalThis.fetch
  hasPat(owner: string): Promise<boolean>
  authorizationUrl(owner: string): Promise<string>
  completeAuthorization(callbackUrl: string, owner?: string): Promise<string>
}

/** Puts a host together. */
export function assembleHost(options: HostOptions, parts: HostParts): Host {
  const { methods = usualMethods } = options
  const { storage, prefix, tell, api, metadata, issuer } = parts
  const map = createResourceMap(storage, prefix, tell)
  const { revive, ...resources } = createResources({
    map,
    api,
    methods,
    names: options.dialect?.resourceNames,
    origins: options.origins,
    tell,
    storage,
    prefix,
  })
  const introspect: ProtectionApi['introspect'] = (owner, token, recent) => api.introspect(owner, token, recent)
  const validate =
    options.validation?.({ issuer, metadata, introspect, fetch: parts.fetch, options }) ??
    introspection(introspect, options)

  /** Found as it was registered, or as a path that it protects. What has no one reading is nowhere. */
  function at(url: string): MaybePromise<ProtectedResource | undefined> {
    const path = attempt(() => canonicalPath(wirePath(url)))
    const pattern = attempt(() => canonicalPattern(url))
    return after(pattern === undefined ? undefined : map.at(pattern), (known) => {
      if (known || typeof path !== 'string') return known
      return after(map.find(path), (found) => (found === 'ambiguous' ? undefined : found))
    })
  }

  /** Also for what the authorization server has lost: it is registered again, and the ticket is for its new id. */
  async function ticket(owner: string, permissions: Permission[]): Promise<string | undefined> {
    try {
      return await api.ticket(owner, permissions)
    } catch (error) {
      const [asked] = permissions
      const known = asked && (await revive(asked.resource_id, error))
      if (!known) throw error
      return api.ticket(known.owner, [{ ...asked, resource_id: known.id }])
    }
  }

  const judge = createWarden({
    issuer: async () => (await metadata()).issuer,
    find: map.find,
    at,
    validate,
    ticket,
    tell,
    options,
  })

  const host: Host = {
    ...resources,
    judge,
    guard: (handler, guardOptions) => guardFetch(judge, handler, guardOptions),
    resourceAt: async (url) => at(url),
    ownerOf: async (url) => (await at(url))?.owner,
    hasPat: parts.hasPat,
    authorizationUrl: parts.authorizationUrl,
    completeAuthorization: parts.completeAuthorization,
    panel: (panelOptions) => createPanel(host, panelOptions),
  }
  return host
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
