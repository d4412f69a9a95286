/** Which endpoint answers which request. */
import { type Caller, callerByCredentials, callerByPat } from '../permission-api/caller.ts'
import { introspectionEndpoint } from '../permission-api/introspection.ts'
import { permissionEndpoint } from '../permission-api/permission-endpoint.ts'
import { resourceRegistration } from '../permission-api/resource-registration.ts'
import { type Answer, oauthError } from '../wire/answer.ts'
import { pathBelow } from '../wire/request.ts'
import { type ClaimsInteraction, claimsInteraction } from './claims-interaction.ts'
import { discovery, WELL_KNOWN } from './discovery.ts'
import { revocationEndpoint } from './revocation.ts'
import { mountOf, type ServerState } from './state.ts'
import { tokenEndpoint } from './token-endpoint.ts'

const notFound: Answer = oauthError(404, 'not_found')

export function createRoutes(state: ServerState): (request: Request) => Promise<Answer> {
  const claims = claimsInteraction(state)
  return async (request) => {
    const { pathname } = new URL(request.url)
    const mount = mountOf(state)
    const wellKnown = state.deviations.insertedMetadata ? WELL_KNOWN + mount : mount + WELL_KNOWN
    if (pathname === wellKnown) return discovery(state)
    const path = pathBelow(mount, pathname)
    return path === undefined ? notFound : route(state, claims, request, path)
  }
}

async function route(state: ServerState, claims: ClaimsInteraction, request: Request, path: string): Promise<Answer> {
  const [, endpoint] = path.split('/')
  const below = path.slice(`/${endpoint}`.length)
  switch (endpoint) {
    case 'rreg':
      return called(await callerByPat(state, request), (resourceServer) =>
        resourceRegistration(state, request, decodeURIComponent(below.slice(1)), resourceServer),
      )
    case 'rqp_claims':
      return claims(request, below)
  }
  switch (`${request.method} ${path}`) {
    case 'POST /token':
      return tokenEndpoint(state, request)
    case 'POST /revoke':
      return revocationEndpoint(state, request)
    case 'GET /jwks':
      return { status: 200, body: { keys: [await state.key.publicJwk()] } }
  }
  if (path === '/perm') return permission(state, request)
  if (path === '/introspect') return introspection(state, request)
  return notFound
}

async function permission(state: ServerState, request: Request): Promise<Answer> {
  await delay(state, 'permission')
  return called(await callerByPat(state, request), (resourceServer) =>
    permissionEndpoint(state, request, resourceServer),
  )
}

async function introspection(state: ServerState, request: Request): Promise<Answer> {
  await delay(state, 'introspection')
  const identify = state.deviations.introspection === 'keycloak' ? callerByCredentials : callerByPat
  return called(await identify(state, request), (resourceServer) =>
    introspectionEndpoint(state, request, resourceServer),
  )
}

async function delay({ deviations, clock }: ServerState, endpoint: 'permission' | 'introspection'): Promise<void> {
  const ms = deviations.delayMs[endpoint]
  if (ms) await clock.pause(ms)
}

const called = async (caller: Caller, work: (resourceServer: string) => Promise<Answer>): Promise<Answer> =>
  'refusal' in caller ? caller.refusal : work(caller.resourceServer)
