/** The permission endpoint (Federated Authorization §4): a resource server asks for a ticket. */
import type { ServerState } from '../authorization-server/state.ts'
import { type Answer, oauthError } from '../wire/answer.ts'
import { json } from '../wire/request.ts'
import type { Permission } from './types.ts'

export async function permissionEndpoint(
  state: ServerState,
  request: Request,
  resourceServer: string,
): Promise<Answer> {
  const { deviations, tickets } = state
  if (request.method !== 'POST') return oauthError(405, 'unsupported_method_type')
  const body = json(await request.text())
  if (deviations.permissionForm === 'array' && !Array.isArray(body))
    return oauthError(400, 'invalid_request', 'an array is expected')
  if (deviations.permissionForm === 'object' && Array.isArray(body))
    return { status: 500, headers: { 'content-type': 'text/html' }, body: '<h1>Internal Server Error</h1>' }
  const permissions = [body].flat()
  if (permissions.length === 0 || !permissions.every(isPermission)) return oauthError(400, 'invalid_request')
  const problem = permissions.map((permission) => problemOf(state, permission, resourceServer)).find(Boolean)
  if (problem !== undefined) return oauthError(400, problem)
  if (deviations.publicResource?.(permissions)) return { status: 200 }
  const ticket = await tickets.issue(tickets.newProcess(permissions, resourceServer))
  return { status: 201, headers: { 'cache-control': 'no-store' }, body: { ticket } }
}

function problemOf(state: ServerState, permission: Permission, resourceServer: string): string | undefined {
  const resource = state.resources.get(permission.resource_id)
  if (resource?.resourceServer !== resourceServer) return 'invalid_resource_id'
  const areRegistered = permission.resource_scopes.every((scope) => resource.resource_scopes.includes(scope))
  return areRegistered ? undefined : 'invalid_scope'
}

const isPermission = (value: unknown): value is Permission => {
  const permission = value as Partial<Permission> | null | undefined
  return typeof permission?.resource_id === 'string' && Array.isArray(permission.resource_scopes)
}
