/** The words of the host's side, shared by its rooms. */
import type { ClientAuth } from '../authorization-server/client-authentication.ts'
import type { ClientMetadata } from '../authorization-server/registration.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import type { RequesterStorage } from '../storage/storage.ts'

/** One permission, as asked for, or as an RPT carries it (FedAuthz §4.1, §5.1.1). Times in seconds since 1970. */
export interface Permission {
  resource_id: string
  resource_scopes: string[]
  exp?: number | undefined
  iat?: number | undefined
  nbf?: number | undefined
}

/** What is known of an RPT that is good now. */
export interface RptFacts {
  permissions: Permission[]
  /** When it ends, in seconds since 1970; undefined: the authorization server does not say. */
  exp?: number | undefined
  iat?: number | undefined
  nbf?: number | undefined
  /** `client_id`, or `azp`: on whose behalf of software. */
  clientId?: string | undefined
  /** `sub`: the requesting party, as the authorization server knows it. */
  subject?: string | undefined
  username?: string | undefined
  /** The whole answer, or the JWT's claims. */
  claims: Record<string, unknown>
  /** When the authorization server was asked, in milliseconds; undefined: it was not. What is older than a request may be asked again. */
  askedAt?: number | undefined
}

/** A resource description (FedAuthz §3.1). Members such as `name#de` are internationalised ones (RFC 7591 §2.2). */
export interface ResourceDescription {
  resource_scopes: string[]
  name?: string
  description?: string
  icon_uri?: string
  type?: string
  [member: string]: unknown
}

/** What `host.protect` is told. */
export interface ResourceOptions {
  /**
   * Where it lies: a path (`/alice/1.jpg`), a URL whose path counts, without query and fragment, or a pattern: a final `/*` stands for the path before
   * it and everything below, a `:name` for one segment. What is said literally goes before `:name`, and that before `/*`.
   */
  url: string
  /** Whose it is. With a PAT by client credentials, all resources are the client's own; the name is then the host's affair. */
  owner: string
  /**
   * Allows that a resource of another owner becomes this owner's. It is registered under a new id, and tokens for the
   * old id open nothing.
   *
   * @default false
   */
  changeOwner?: boolean
  /** All scopes that can be asked for. Default: those that `methods` mentions. */
  scopes?: readonly string[]
  /** Scopes that a method needs, all of them. `'*'`: any other method. Default: the host's. */
  methods?: Record<string, readonly string[]>
  /** Shown to the owner at the authorization server. Default: none, so that nothing private is told by default (FedAuthz §8). */
  name?: string
  description?: string
  iconUri?: string
  type?: string
  /** Further members of the resource description. */
  more?: Record<string, unknown>
}

/** A resource that is protected: what the resource map holds of it; plain JSON. */
export interface ProtectedResource {
  /** `_id` at the authorization server. */
  id: string
  /** The canonical path or pattern. */
  pattern: string
  owner: string
  scopes: string[]
  methods?: Record<string, readonly string[]> | undefined
  name?: string | undefined
  /** Where the owner sets policies, if the authorization server says so (FedAuthz §3.2.1). */
  policyUri?: string | undefined
  etag?: string | undefined
  /** What was registered last. */
  description: ResourceDescription
}

/** How authorization servers differ, seen from a host. */
export interface HostDialect {
  /** How permissions are asked for. `'auto'` (default): an object for one, an array for several. */
  permissionRequest?: 'auto' | 'object' | 'array'
  /** A 200 without a ticket at the permission endpoint means that no permission is needed (SolidLab). Default: false, it is a fault. */
  publicResources?: boolean
  /** How introspection is authorised: by the PAT (default), or by client authentication (Keycloak). */
  introspectionAuth?: 'pat' | 'client'
  /** Statuses of the introspection endpoint that mean "not active" (SolidLab: `[400]`). Default: none. */
  inactiveStatuses?: readonly number[]
  /** Statuses of the protection API that mean that a PAT is not taken any more (SolidLab: `[401, 403]`). Default: `[401]`. */
  patStatuses?: readonly number[]
  /** Reads permissions out of an introspection answer or a JWT. Default: `permissions`, or Keycloak's `authorization.permissions`. */
  permissions?: (claims: Record<string, unknown>) => unknown
  /**
   * How `name` is sent. `'url'`: only if it is an absolute URL, because the server takes the name as the id of the
   * resource and needs a URL there (SolidLab); another name stays at the host.
   *
   * @default 'text'
   */
  resourceNames?: 'text' | 'url'
  /** Create and list at the endpoint with a final slash (FedAuthz §3.2), or without one (Keycloak). Default: true. */
  registrationSlash?: boolean
}

/** How a host gets a PAT, for each owner. */
export type PatGrant =
  /** The client is the owner (FedAuthz §1.3). */
  | { grant: 'client_credentials'; scope?: string }
  /** The owner agrees at the authorization server: `host.authorizationUrl(owner)`. */
  | { grant: 'authorization_code'; redirectUri: string; scope?: string }

/** Decides what an RPT is good for. */
export interface RptValidation {
  /**
   * @param fresh ask again, whatever is remembered
   * @returns undefined: not active
   * @throws when that cannot be told now
   */
  (token: string, resource: ProtectedResource, fresh?: boolean): RptFacts | undefined | Promise<RptFacts | undefined>
  /**
   * Is told that a ticket was issued because the permissions of this token were not enough: the token may be upgraded
   * soon, and keep its string.
   */
  ticketIssued?: (token: string, resource: ProtectedResource) => void
}

/** What a validation of one's own may make use of. */
export interface ValidationServices {
  issuer: string
  /** The authorization server's metadata, remembered. */
  metadata: () => Promise<AuthorizationServerMetadata>
  /**
   * The raw answer of introspection with the owner's PAT; undefined where its status means "not active". `recent`: the
   * token was active a while ago, so strange tokens do not take its room.
   */
  introspect: (owner: string, token: string, recent?: boolean) => Promise<Record<string, unknown> | undefined>
  /** For further calls to the authorization server. */
  fetch: () => typeof globalThis.fetch
  options: HostOptions
}

/** Options of `createHost`. */
export interface HostOptions {
  /** The authorization server: https, or http on this machine. */
  issuer: string
  /** The host as a client there; `register`: it registers itself once (RFC 7591). */
  client: { id: string; auth?: ClientAuth } | { register: ClientMetadata; auth?: ClientAuth }
  /** Tells hosts apart that register themselves at one issuer and keep things in one storage. Default: `''`. */
  name?: string
  /** Default: client credentials with scope `uma_protection`. */
  pat?: PatGrant
  /**
   * Keeps PATs, the client and the resource map: the value of a storage function. `keyValueStorage(x)` of anything but a
   * `Map` needs the functions `keys` and `lock`, or `exclusive: true`. Default: memory.
   */
  storage?: RequesterStorage
  /**
   * Only this host, in one process, uses these records of the storage. Allows a storage without `keys` or `lock`.
   *
   * @default false
   */
  exclusive?: boolean
  /** Given here, discovery is skipped. */
  metadata?: AuthorizationServerMetadata
  /** Accept metadata whose issuer differs by a final slash. Default: false. */
  tolerateTrailingSlash?: boolean
  /**
   * `realm` of the challenge. The default is a constant, because the `Host` header is the choice of the client.
   *
   * @default 'uma'
   */
  realm?: string
  /**
   * The origins of this host, such as `['https://photos.example.com']`. A request for another host is answered with 421,
   * and `protect` with a URL of another origin throws. Default: neither is checked, only paths count.
   */
  origins?: readonly string[]
  /** Scopes that methods need where a resource does not say. HEAD needs what GET needs. Default: `{ GET: ['read'], '*': ['write'] }`. */
  methods?: Record<string, readonly string[]>
  /** How RPTs are judged. Default: introspection, cached. */
  validation?: (services: ValidationServices) => RptValidation
  /** Introspection cache. `ttl`, `negativeTtl` in milliseconds, default 30 000 and 2 000; `max` tokens, default 10 000. */
  cache?: { ttl?: number; negativeTtl?: number; max?: number }
  /** A path that is not protected: `'deny'` (default) with 403, or `'pass'`. */
  onUnmapped?: 'deny' | 'pass'
  /** Milliseconds. `request`: one call to the authorization server, default 3 000. `decision`: everything for one request, default 8 000. */
  timeouts?: { request?: number; decision?: number }
  /**
   * Calls to the authorization server at once, and those that may wait. Default: 50 and 500; what is beyond is answered
   * with 403. Permission requests, which anybody can bring about, may take half of each. Questions about tokens that
   * were not active recently may take half of the rest.
   */
  load?: { concurrent?: number; waiting?: number; breaker?: { failures?: number; openMs?: number } }
  dialect?: HostDialect
  /** Adds CORS headers to answers, and answers preflights. Default: only `Access-Control-Expose-Headers` on challenges. */
  cors?: { origins: readonly string[] | '*'; headers?: readonly string[]; methods?: readonly string[] }
  /** For the calls to the authorization server. Default: the global `fetch`, looked up when called. */
  fetch?: typeof globalThis.fetch
  /** Is told what happens; never a token, a ticket or a secret. */
  onEvent?: (event: HostEvent) => void
}

/** What a host tells. Plain JSON. */
export type HostEvent =
  | { type: 'registered' | 'updated' | 'deregistered' | 'deregistration-failed'; resource: string; owner: string }
  | { type: 'client-registered'; issuer: string }
  | { type: 'pat-obtained' | 'pat-refreshed' | 'pat-rejected'; owner: string }
  | { type: 'ticket-issued'; resource: string }
  | { type: 'refused'; reason: string; method: string; path: string }
  | { type: 'authorization-server-unreachable'; during: string; reason: string }
  /** A JWT names a key that the authorization server does not publish. */
  | { type: 'unknown-key' }
  | { type: 'breaker'; state: 'open' | 'half-open' | 'closed' }
  | { type: 'storage-failed'; operation: string }

/** Who was let through, and with what: for predicates, and for handlers. */
export interface Access {
  resource: ProtectedResource
  /** The scopes that this request needed. */
  scopes: readonly string[]
  rpt: RptFacts
}
