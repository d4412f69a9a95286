/** How many resources were registered. Each has an id of its own. */
let registered = 0

/**
 * The side of an authorization server that hosts see, in a few lines. Every token opens the first resource and the
 * eighth, which the benchmarks ask for.
 */
export function protectionAnswerTo(issuer: string, method: string, path: string): { status: number; body: string } {
  const json = (status: number, body: object) => ({ status, body: JSON.stringify(body) })
  if (path === '/.well-known/uma2-configuration') {
    return json(200, {
      issuer,
      token_endpoint: `${issuer}/token`,
      introspection_endpoint: `${issuer}/introspect`,
      permission_endpoint: `${issuer}/perm`,
      resource_registration_endpoint: `${issuer}/rreg/`,
    })
  }
  if (path === '/token') return json(200, { access_token: 'a-pat', token_type: 'Bearer', expires_in: 86_400 })
  if (path === '/rreg/' && method === 'POST') return json(201, { _id: `photos-${registered++}` })
  if (path === '/perm') return json(201, { ticket: 'a-ticket' })
  if (path !== '/introspect') return json(404, {})
  const permissions = ['photos-0', 'photos-7'].map((id) => ({ resource_id: id, resource_scopes: ['read'] }))
  return json(200, { active: true, exp: 4_102_444_800, client_id: 'spa', sub: 'bob', permissions })
}
