/** The resource registration endpoint (Federated Authorization §3). */
import { mountOf, type ServerState } from '../authorization-server/state.ts'
import { type Answer, oauthError } from '../wire/answer.ts'
import { random } from '../wire/random.ts'
import { json } from '../wire/request.ts'
import type { RegisteredResource, ResourceDescription } from './types.ts'

export function registerResource(
  state: ServerState,
  description: ResourceDescription,
  resourceServer: string,
): RegisteredResource {
  const resource: RegisteredResource = { ...description, _id: random(12), resourceServer }
  state.resources.set(resource._id, resource)
  return resource
}

/** @param id empty for the collection of all resources */
export async function resourceRegistration(
  state: ServerState,
  request: Request,
  id: string,
  resourceServer: string,
): Promise<Answer> {
  if (id === '') return answerCollection(state, request, resourceServer)
  const resource = state.resources.get(id)
  if (resource?.resourceServer !== resourceServer) return oauthError(404, 'not_found')
  switch (request.method) {
    case 'GET': {
      const { resourceServer: _, ...description } = resource
      return { status: 200, body: description }
    }
    case 'PUT': {
      const description = await readDescription(request)
      if (description === undefined) return oauthError(400, 'invalid_request')
      state.resources.set(id, { ...description, _id: id, resourceServer })
      return { status: 200, body: { _id: id } }
    }
    case 'DELETE':
      state.resources.delete(id)
      return { status: 204 }
    default:
      return oauthError(405, 'unsupported_method_type')
  }
}

async function answerCollection(state: ServerState, request: Request, resourceServer: string): Promise<Answer> {
  if (request.method === 'GET') {
    const own = [...state.resources.values()].filter((resource) => resource.resourceServer === resourceServer)
    return { status: 200, body: own.map(({ _id }) => _id) }
  }
  if (request.method !== 'POST') return oauthError(405, 'unsupported_method_type')
  const description = await readDescription(request)
  if (description === undefined) return oauthError(400, 'invalid_request')
  const { _id } = registerResource(state, description, resourceServer)
  return {
    status: 201,
    headers: { location: `${mountOf(state)}/rreg/${_id}` },
    body: { _id, user_access_policy_uri: `${state.base}/policy/${_id}` },
  }
}

async function readDescription(request: Request): Promise<ResourceDescription | undefined> {
  const value = json(await request.text()) as ResourceDescription | null | undefined
  const scopes: unknown = value?.resource_scopes
  const isDescription = Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')
  return isDescription ? (value ?? undefined) : undefined
}
