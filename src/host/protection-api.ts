import { type CallAnswer, type Caller, call } from '../authorization-server/call.ts'
import { callAgain } from '../authorization-server/retry.ts'
import { post } from '../authorization-server/token-request.ts'
import { UmaError, type UmaErrorInit } from '../errors/index.ts'
import { readObject } from '../protocol/http/read-object.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import { type Connect, connected } from './client.ts'
import type { Pats } from './pat.ts'
import type { HostDialect, Permission, ProtectedResource, ResourceDescription } from './types.ts'

/** The facts of a `ProtectionApiError`. */
export interface ProtectionApiErrorInit extends UmaErrorInit {
  status: number
}

/**
 * The protection API refused, answered what cannot be understood, or was not reached. `code`: the server's own, or
 * `protection_api_failed`.
 */
export class ProtectionApiError extends UmaError {
  override name = 'ProtectionApiError'
  /** HTTP status of the answer; 0: there was none. */
  readonly status: number

  constructor(message: string, init: ProtectionApiErrorInit) {
    super(message, init)
    this.status = init.status
  }
}

/** What the authorization server keeps of a resource. */
export type Registered = Pick<ProtectedResource, 'id' | 'policyUri' | 'etag'>

/** The authorization server, as a host sees it: resource registration, permission endpoint, introspection (FedAuthz §3 to §5). */
export interface ProtectionApi {
  create(owner: string, description: ResourceDescription): Promise<Registered>
  read(owner: string, id: string): Promise<ResourceDescription>
  /** Replaces the whole description (FedAuthz §3.2.3). `etag`: only if nobody else has changed it since. */
  update(owner: string, id: string, description: ResourceDescription, etag?: string): Promise<Registered>
  delete(owner: string, id: string, etag?: string): Promise<void>
  list(owner: string): Promise<string[]>
  /** A fresh ticket; undefined: none is needed, with `dialect.publicResources` only. */
  ticket(owner: string, permissions: Permission[]): Promise<string | undefined>
  /** The introspection answer; undefined: the server says by a status that it does not know the token. */
  introspect(owner: string, token: string, recent?: boolean): Promise<Record<string, unknown> | undefined>
}

interface ApiParts {
  issuer: string
  caller: Caller
  metadata: () => Promise<AuthorizationServerMetadata>
  connect: Connect
  pats: Pats
  dialect: HostDialect
  /** Ends the pauses between the attempts of GET, PUT and DELETE. */
  signal?: AbortSignal | undefined
}

/** Methods whose requests may arrive twice (RFC 9110 §9.2.2). */
const idempotent = /^(GET|PUT|DELETE)$/

interface Send {
  method: string
  body?: string
  headers?: Record<string, string>
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const maybe = <K extends string>(key: K, value: unknown): { [P in K]?: string } =>
  (isText(value) ? { [key]: value } : {}) as { [P in K]?: string }

/** @throws of all its functions: ProtectionApiError, DiscoveryError, UmaTimeoutError, what getting a PAT throws */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory of small functions. The host is divided after the engine is rebuilt.
export function createProtectionApi({
  issuer,
  caller,
  metadata,
  connect,
  pats,
  dialect,
  signal,
}: ApiParts): ProtectionApi {
  const { registrationSlash = true, permissionRequest = 'auto', inactiveStatuses = [], patStatuses = [401] } = dialect

  const fail = (what: string, { status, text }: CallAnswer, known?: string): ProtectionApiError => {
    const { error } = readObject(text) ?? {}
    const code = known ?? (isText(error) && /^[a-z_]{1,64}$/.test(error) ? error : 'protection_api_failed')
    return new ProtectionApiError(`${issuer}, ${what}: status ${status}`, { code, issuer, status })
  }

  /** Nothing was answered, or even asked. */
  const none = (what: string, cause?: unknown): ProtectionApiError =>
    new ProtectionApiError(`${issuer} ${what}`, { code: 'protection_api_failed', issuer, cause, status: 0 })

  const endpointOf = async (name: 'permission' | 'introspection' | 'resource_registration'): Promise<string> => {
    const endpoint = (await metadata())[`${name}_endpoint`]
    if (isText(endpoint)) return endpoint
    throw none(`has no usable ${name}_endpoint`)
  }

  /** Sends a call with the owner's PAT (FedAuthz §1.3). A PAT that the server refuses is replaced once (F-R-i). */
  async function send(owner: string, url: string, what: Send, again = true): Promise<CallAnswer> {
    const { method, body, headers } = what
    const pat = await pats.get(owner)
    const init: RequestInit = {
      method,
      headers: { accept: 'application/json', ...headers, authorization: `Bearer ${pat}` },
      ...(body !== undefined && { body }),
    }
    const sending = idempotent.test(method)
      ? callAgain(caller, issuer, url, init, { signal })
      : call(caller, issuer, url, init)
    const answer = await sending.catch((cause: unknown) => {
      throw cause instanceof UmaError || signal?.aborted ? cause : none('was not reached', cause)
    })
    if (!patStatuses.includes(answer.status)) return answer
    pats.rejected(owner, pat)
    return again ? send(owner, url, what, false) : answer
  }

  /** FedAuthz §3.2 writes the endpoint with a final slash; exactly one stands before an id. */
  async function registration(id?: string): Promise<string> {
    const url = new URL(await endpointOf('resource_registration'))
    // These cannot be escaped in a URL: it would be a request for something else.
    if (id === '.' || id === '..') throw none('has no usable resource with such an id')
    const base = url.pathname.replace(/\/$/, '')
    url.pathname = id === undefined ? base + (registrationSlash ? '/' : '') : `${base}/${encodeURIComponent(id)}`
    return url.href
  }

  const json = (value: unknown, etag?: string): Pick<Send, 'body' | 'headers'> => ({
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...(etag && { 'if-match': etag }) },
  })

  const registered = ({ text, headers }: CallAnswer, id: string): Registered => ({
    id,
    ...maybe('policyUri', readObject(text)?.user_access_policy_uri),
    ...maybe('etag', headers.get('etag')),
  })

  return {
    async create(owner, description) {
      const url = await registration()
      const answer = await send(owner, url, { method: 'POST', ...json(description) })
      const location = answer.headers.get('location')
      if (answer.status !== 201 && answer.status !== 200) throw fail('resource registration', answer)
      // Relative to the request (FedAuthz §3.2.1); it serves where the body does not name the id.
      const last = location !== null && URL.canParse(location, url) && new URL(location, url).pathname
      const id = readObject(answer.text)?._id ?? (last && decoded(last.split('/').findLast(isText)))
      if (!isText(id)) throw fail('resource registration without _id', answer)
      return registered(answer, id)
    },
    async read(owner, id) {
      const answer = await send(owner, await registration(id), { method: 'GET' })
      const description = answer.status === 200 ? readObject(answer.text) : undefined
      if (!description) throw fail('resource description', answer)
      return description as ResourceDescription
    },
    async update(owner, id, description, etag) {
      const answer = await send(owner, await registration(id), { method: 'PUT', ...json(description, etag) })
      if (answer.status < 200 || answer.status > 204) throw fail('resource update', answer)
      return registered(answer, id)
    },
    async delete(owner, id, etag) {
      const headers = etag ? { headers: { 'if-match': etag } } : {}
      const answer = await send(owner, await registration(id), { method: 'DELETE', ...headers })
      if (answer.status < 200 || answer.status > 204) throw fail('resource deregistration', answer)
    },
    async list(owner) {
      const answer = await send(owner, await registration(), { method: 'GET' })
      const ids: unknown = answer.status === 200 && parsed(answer.text)
      if (!Array.isArray(ids)) throw fail('list of resources', answer)
      return ids.filter(isText)
    },
    async ticket(owner, permissions) {
      const single = permissionRequest === 'object' || (permissionRequest === 'auto' && permissions.length === 1)
      const asked = permissions.map(({ resource_id, resource_scopes }) => ({ resource_id, resource_scopes }))
      const url = await endpointOf('permission')
      const answer = await send(owner, url, { method: 'POST', ...json(single ? asked[0] : asked) })
      const { status, text } = answer
      const ticket = status === 201 || status === 200 ? readObject(text)?.ticket : undefined
      if (isText(ticket)) return ticket
      if (status === 200 && dialect.publicResources && !text) return undefined
      throw fail('permission request', answer)
    },
    async introspect(owner, token) {
      const url = await endpointOf('introspection')
      const form = { token, token_type_hint: 'access_token' }
      const answer =
        dialect.introspectionAuth === 'client'
          ? await connected(connect, undefined, async (connection) => {
              const answer = await post(connection, url, form)
              if (answer.status !== 401 || inactiveStatuses.includes(401)) return answer
              throw fail('introspection', answer, 'invalid_client')
            })
          : await send(owner, url, {
              method: 'POST',
              body: new URLSearchParams(form).toString(),
              headers: { 'content-type': 'application/x-www-form-urlencoded' },
            })
      if (inactiveStatuses.includes(answer.status)) return undefined
      const claims = answer.status === 200 ? readObject(answer.text) : undefined
      // RFC 7662 §2.2: one without `active` is no introspection answer.
      if (!claims || !('active' in claims)) throw fail('introspection', answer)
      return claims
    },
  }
}

function decoded(segment: string | undefined): string | undefined {
  try {
    return segment && decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
