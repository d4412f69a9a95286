/** FedAuthz: resource registration (/rreg/), permission endpoint (/perm), token introspection (/introspect). */
import type { IncomingMessage } from 'node:http'
import { type Answer, readBody } from '../http.ts'
import { oauthError } from './dialects.ts'
import { random } from './keys.ts'
import type { State } from './state.ts'
import type { Permission, RegisteredResource, ResourceDescription } from './types.ts'

/** Who calls: the resource server's client_id, or the answer that turns the call away. */
export type Caller = { resourceServer: string } | Answer

export async function resourceRegistration(
  state: State,
  req: IncomingMessage,
  id: string,
  caller: Caller,
): Promise<Answer> {
  if ('status' in caller) return caller
  const { resources } = state
  const { resourceServer } = caller
  if (id === '') {
    if (req.method === 'GET')
      return {
        status: 200,
        body: [...resources.values()].filter((r) => r.resourceServer === resourceServer).map((r) => r._id),
      }
    if (req.method !== 'POST') return oauthError(405, 'unsupported_method_type')
    const description = await jsonBody(req)
    if (!isDescription(description)) return oauthError(400, 'invalid_request')
    const _id = register(state, description, resourceServer)._id
    return {
      status: 201,
      headers: { location: `${new URL(state.base).pathname.replace(/\/$/, '')}/rreg/${_id}` },
      body: { _id, user_access_policy_uri: `${state.base}/policy/${_id}` },
    }
  }
  const resource = resources.get(id)
  if (resource === undefined || resource.resourceServer !== resourceServer) return oauthError(404, 'not_found')
  switch (req.method) {
    case 'GET': {
      const { resourceServer: _, ...description } = resource
      return { status: 200, body: description }
    }
    case 'PUT': {
      const description = await jsonBody(req)
      if (!isDescription(description)) return oauthError(400, 'invalid_request')
      resources.set(id, { ...description, _id: id, resourceServer })
      return { status: 200, body: { _id: id } }
    }
    case 'DELETE':
      resources.delete(id)
      return { status: 204 }
    default:
      return oauthError(405, 'unsupported_method_type')
  }
}

export function register(state: State, description: ResourceDescription, resourceServer: string): RegisteredResource {
  const resource: RegisteredResource = { ...description, _id: random(12), resourceServer }
  state.resources.set(resource._id, resource)
  return resource
}

export async function permissionEndpoint(state: State, req: IncomingMessage, caller: Caller): Promise<Answer> {
  if ('status' in caller) return caller
  const { quirks, resources, tickets } = state
  if (req.method !== 'POST') return oauthError(405, 'unsupported_method_type')
  const body = await jsonBody(req)
  if (quirks.permissionForm === 'array' && !Array.isArray(body))
    return oauthError(400, 'invalid_request', 'an array is expected')
  if (quirks.permissionForm === 'object' && Array.isArray(body))
    return { status: 500, headers: { 'content-type': 'text/html' }, body: '<h1>Internal Server Error</h1>' }
  const permissions = [body].flat() as Permission[]
  if (
    permissions.length === 0 ||
    !permissions.every((p) => typeof p?.resource_id === 'string' && Array.isArray(p.resource_scopes))
  )
    return oauthError(400, 'invalid_request')
  for (const { resource_id, resource_scopes } of permissions) {
    const resource = resources.get(resource_id)
    if (resource === undefined || resource.resourceServer !== caller.resourceServer)
      return oauthError(400, 'invalid_resource_id')
    if (!resource_scopes.every((s) => resource.resource_scopes.includes(s))) return oauthError(400, 'invalid_scope')
  }
  if (quirks.publicResource?.(permissions)) return { status: 200 }
  return {
    status: 201,
    headers: { 'cache-control': 'no-store' },
    body: { ticket: tickets.begin(permissions, caller.resourceServer) },
  }
}

export async function introspectionEndpoint(state: State, req: IncomingMessage, caller: Caller): Promise<Answer> {
  if ('status' in caller) return caller
  if (req.method !== 'POST') return oauthError(405, 'unsupported_method_type')
  const token = new URLSearchParams((await readBody(req)).toString()).get('token')
  if (token === null) return oauthError(400, 'invalid_request')
  const known = introspect(state, token, caller.resourceServer)
  if (known['active'] !== true && state.quirks.introspection === 'solidlab-400')
    return oauthError(400, 'invalid_request', 'unknown token')
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: known }
}

/** The introspection answer. An RPT that belongs to another resource server is not active for this one. */
export function introspect(state: State, token: string, resourceServer?: string): Record<string, unknown> {
  const rpt = state.tokens.activeRpt(token)
  if (rpt === undefined || (resourceServer !== undefined && rpt.resourceServer !== resourceServer))
    return { active: false }
  const exp = Math.ceil(rpt.expiresAt / 1000)
  const times = state.quirks.introspection === 'solidlab-400' ? {} : { exp, iat: Math.floor(rpt.issuedAt / 1000) }
  const permissions =
    state.quirks.introspection === 'keycloak'
      ? rpt.permissions.map((p) => ({
          ...p,
          rsid: p.resource_id,
          rsname: state.resources.get(p.resource_id)?.name,
          scopes: p.resource_scopes,
        }))
      : rpt.permissions
  return {
    active: true,
    ...times,
    permissions,
    client_id: rpt.clientId,
    ...(rpt.subject === undefined ? {} : { sub: rpt.subject }),
  }
}

async function jsonBody(req: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse((await readBody(req)).toString())
  } catch {
    return undefined
  }
}

const isDescription = (value: unknown): value is ResourceDescription => {
  const scopes = (value as ResourceDescription | undefined)?.resource_scopes
  return Array.isArray(scopes) && scopes.every((s) => typeof s === 'string')
}
