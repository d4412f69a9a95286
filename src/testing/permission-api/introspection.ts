/** The token introspection endpoint (Federated Authorization §5). */
import type { ServerState } from '../authorization-server/state.ts'
import { type Answer, oauthError } from '../wire/answer.ts'
import { readForm } from '../wire/request.ts'
import type { Permission } from './types.ts'

export async function introspectionEndpoint(
  state: ServerState,
  request: Request,
  resourceServer: string,
): Promise<Answer> {
  if (request.method !== 'POST') return oauthError(405, 'unsupported_method_type')
  const token = (await readForm(request)).get('token')
  if (token === null) return oauthError(400, 'invalid_request')
  const body = introspect(state, token, resourceServer)
  if (body.active !== true && state.deviations.introspection === 'solidlab-400')
    return oauthError(400, 'invalid_request', 'unknown token')
  return { status: 200, headers: { 'cache-control': 'no-store' }, body }
}

/**
 * The introspection answer.
 * @param resourceServer an RPT of another resource server is not active; left out, the RPT of any is
 */
export function introspect(state: ServerState, token: string, resourceServer?: string): Record<string, unknown> {
  const rpt = state.tokens.activeRpt(token)
  const isForeign = resourceServer !== undefined && rpt?.resourceServer !== resourceServer
  if (rpt === undefined || isForeign) return { active: false }
  const times = { exp: Math.ceil(rpt.expiresAt / 1000), iat: Math.floor(rpt.issuedAt / 1000) }
  return {
    active: true,
    ...(state.deviations.introspection === 'solidlab-400' ? {} : times),
    permissions: worded(state, rpt.permissions),
    client_id: rpt.clientId,
    ...(rpt.subject === undefined ? {} : { sub: rpt.subject }),
  }
}

function worded(state: ServerState, permissions: Permission[]): unknown[] {
  if (state.deviations.introspection !== 'keycloak') return permissions
  return permissions.map((permission) => ({
    ...permission,
    rsid: permission.resource_id,
    rsname: state.resources.get(permission.resource_id)?.name,
    scopes: permission.resource_scopes,
  }))
}
