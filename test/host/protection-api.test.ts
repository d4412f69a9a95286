/** The host's requests to the protection API, and how the host reads the answers (FedAuthz §3 to §5). */
import { describe, expect, test } from 'vitest'
import { isUmaError } from '../../src/index.ts'
import { atServer, failure, said, scripted, servicesAt } from './protection-kit.ts'

const album = { resource_scopes: ['view'], name: 'Album' }

describe('resource registration at the authorization server', () => {
  test('F-3.2.1, F-3.2.2, F-3.2.3, F-3.2.4, F-3.2.5: created, read, replaced as a whole, listed, deleted', async () => {
    const { as, api } = await atServer({ path: '/realms/photos' })
    const { id, policyUri } = await api.create('alice', { ...album, 'name#de': 'Buch' })
    expect(policyUri).toBe(`${as.issuer}/policy/${id}`)
    expect(await api.read('alice', id)).toEqual({ _id: id, ...album, 'name#de': 'Buch' })
    expect(await api.update('alice', id, { resource_scopes: ['print'] })).toEqual({ id })
    expect(await api.read('alice', id)).toEqual({ _id: id, resource_scopes: ['print'] })
    const other = await api.create('alice', album)
    expect((await api.list('alice')).sort()).toEqual([id, other.id].sort())
    await api.delete('alice', id)
    expect(await api.list('alice')).toEqual([other.id])
    expect((await failure(api.read('alice', id))).status).toBe(404)
  })

  test('F-3.2.1, F-1.3-b: JSON, authorised by the PAT, at the endpoint with its final slash', async () => {
    const { as, api } = await atServer()
    await api.create('alice', album)
    const [request] = as.recorder.requests.filter(({ path }) => path.startsWith('/rreg'))
    expect([request?.method, request?.path]).toEqual(['POST', '/rreg/'])
    expect(request?.headers['content-type']).toBe('application/json')
    expect(request?.headers.authorization).toMatch(/^Bearer \S+$/)
    expect(JSON.parse(`${request?.body}`)).toEqual(album)
  })

  test('F-3.2-a, F-6-a: a refusal is a typed error with its status and the server’s code, and without its words', async () => {
    const { api } = await atServer()
    const error = await failure(api.create('alice', { name: 'no scopes' } as never))
    expect(error).toMatchObject({ name: 'ProtectionApiError', status: 400, code: 'invalid_request' })
    expect(isUmaError(error, 'invalid_request')).toBe(true)
    expect(await failure(api.update('alice', 'unknown', album))).toMatchObject({ status: 404, code: 'not_found' })
    expect(await failure(api.delete('alice', 'unknown'))).toMatchObject({ status: 404 })
  })
})

describe('resource registration, as the field has it', () => {
  const created = (headers: Record<string, string>, body: unknown = {}) => ({ status: 201, headers, body })

  test.each([
    ['relative', '/rreg/KX3A-39WE', 'KX3A-39WE'],
    ['relative to the request', 'KX3A-39WE', 'KX3A-39WE'],
    ['absolute', 'https://elsewhere.example/a/b/KX3A-39WE', 'KX3A-39WE'],
    ['with a final slash', '/rreg/KX3A-39WE/', 'KX3A-39WE'],
    ['with a query', '/rreg/KX3A-39WE?v=1', 'KX3A-39WE'],
    ['percent-encoded', '/rreg/a%2Fb%20%C3%A9', 'a/b é'],
  ])('F-3.2.1: without _id, the id is in Location, %s', async (_, location, id) => {
    const { services } = await scripted(() => created({ location }))
    expect(await services.api.create('alice', album)).toEqual({ id })
  })

  test('F-3.2.1: _id goes before Location; 200 will do; ETag and policy URI are kept', async () => {
    const body = { _id: 'one', user_access_policy_uri: 'https://as.example/p' }
    const { services } = await scripted(() => ({
      status: 200,
      headers: { location: '/rreg/two', etag: 'W/"7"' },
      body,
    }))
    expect(await services.api.create('alice', album)).toEqual({
      id: 'one',
      policyUri: 'https://as.example/p',
      etag: 'W/"7"',
    })
  })

  test.each([
    ['neither _id nor Location', created({})],
    ['a Location that cannot be decoded', created({ location: '/rreg/%ff' })],
    ['a Location without anything', created({ location: '/' })],
    ['an _id that is no string', created({}, { _id: 7 })],
    ['an empty _id', created({ location: '/rreg/x' }, { _id: '' })],
    ['HTML', { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>secret-text</h1>' }],
    ['202', { status: 202, body: { _id: 'x' } }],
    ['a redirect', { status: 302, headers: { location: '/rreg/x' } }],
    ['500', { status: 500, body: { error: 'Secret Words', error_description: 'secret-text' } }],
  ])('F-3.2.1, F-3.2-a: %s is a typed error that quotes nothing', async (_, answer) => {
    const { services, pats } = await scripted(() => answer)
    const error = await failure(services.api.create('alice', album))
    expect(error).toMatchObject({ name: 'ProtectionApiError', status: answer.status, code: 'protection_api_failed' })
    for (const secret of [...pats, 'rs-secret', 'secret-text', 'Secret Words'])
      expect(said(error)).not.toContain(secret)
  })

  test.each([
    ['/rreg', '/rreg/'],
    ['/rreg/', '/rreg/'],
    ['/uma/reg?tenant=1', '/uma/reg/?tenant=1'],
  ])('F-3.2-b: one slash between endpoint %s and what follows', async (endpoint, collection) => {
    const { services, asked, issuer } = await scripted(({ method }) =>
      method === 'GET' ? { status: 200, body: [] } : { status: 200, body: { _id: 'x' } },
    )
    const metadata = { ...(await services.metadata()), resource_registration_endpoint: issuer + endpoint }
    const { api } = servicesAt(issuer, { metadata }).services
    await api.list('alice')
    await api.update('alice', 'x', album)
    const [bare, query = ''] = collection.split('?')
    expect(asked.map(({ path }) => path)).toEqual([collection, `${bare}x${query && `?${query}`}`])
  })

  test('F-3.2-b: Keycloak: creates and lists without a final slash', async () => {
    const { services, asked } = await scripted(
      ({ method }) => ({ status: 201, body: method === 'GET' ? [] : { _id: 'x' } }),
      { dialect: { registrationSlash: false } },
    )
    await services.api.create('alice', album)
    await failure(services.api.list('alice'))
    await services.api.delete('alice', 'x').catch(() => {})
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /rreg', 'GET /rreg', 'DELETE /rreg/x'])
  })

  test.each([
    ['a/b', '/rreg/a%2Fb'],
    ['a b?c#d', '/rreg/a%20b%3Fc%23d'],
    ['%2e%2e', '/rreg/%252e%252e'],
    ['é', '/rreg/%C3%A9'],
  ])('F-3.2-b: the id %s is percent-encoded', async (id, path) => {
    const { services, asked } = await scripted(() => ({ status: 204 }))
    await services.api.delete('alice', id)
    expect(asked.map((one) => one.path)).toEqual([path])
  })

  test('a server that is not there: a typed error with the cause, and the PAT in neither', async () => {
    const { services, issuer } = await scripted(() => ({ status: 200, body: [] }))
    await services.api.list('alice')
    const metadata = { ...(await services.metadata()), resource_registration_endpoint: 'http://127.0.0.1:1/rreg/' }
    const { api } = servicesAt(issuer, { metadata: metadata as never }).services
    const error = await failure(api.list('alice'))
    expect(error).toMatchObject({ name: 'ProtectionApiError', code: 'protection_api_failed', status: 0, issuer })
    expect(error).toHaveProperty('cause')
    expect(said(error)).not.toContain('pat-')
  })

  test.each(['.', '..'])('F-3.2-b: the id %s would be another URL: nothing is sent', async (id) => {
    const { services, asked } = await scripted(() => ({ status: 204 }))
    expect(await failure(services.api.delete('alice', id))).toMatchObject({ name: 'ProtectionApiError', status: 0 })
    expect(asked).toEqual([])
  })

  test('F-3.2.3, F-3.2.4: If-Match where an ETag is known, and only there; 412 says that somebody else was faster', async () => {
    const { services, asked } = await scripted(({ headers }) => {
      if (headers['if-match'] === '"old"') return { status: 412 }
      return { status: 200, headers: { etag: '"2"' }, body: { _id: 'x' } }
    })
    const { api } = services
    expect(await api.update('alice', 'x', album, '"1"')).toEqual({ id: 'x', etag: '"2"' })
    await api.update('alice', 'x', album)
    await api.delete('alice', 'x', '"2"')
    await api.delete('alice', 'x')
    expect(asked.map(({ headers }) => headers['if-match'])).toEqual(['"1"', undefined, '"2"', undefined])
    expect(await failure(api.update('alice', 'x', album, '"old"'))).toMatchObject({ status: 412 })
    expect(await failure(api.delete('alice', 'x', '"old"'))).toMatchObject({ status: 412 })
  })

  test.each([
    ['an object', { ids: [] }],
    ['HTML', '<h1>no</h1>'],
    ['nothing', undefined],
  ])('F-3.2.5: a list that is %s is an error, not an empty list', async (_, body) => {
    const { services } = await scripted(() => ({ status: 200, body }))
    expect(await failure(services.api.list('alice'))).toMatchObject({ name: 'ProtectionApiError', status: 200 })
  })
})

describe('permission requests', () => {
  test('F-4.1-a, F-4.2-a, F-4-a, F-4-c: an object for one, an array for several, of which one has no scopes; a fresh ticket each time', async () => {
    const { as, api } = await atServer()
    const one = await api.create('alice', album)
    const two = await api.create('alice', { resource_scopes: [] })
    const view = { resource_id: one.id, resource_scopes: ['view'] }
    const none = { resource_id: two.id, resource_scopes: [] }
    // Times are an RPT's affair, not a request's.
    const tickets = [
      await api.ticket('alice', [{ ...view, exp: 1, iat: 1 }]),
      await api.ticket('alice', [view]),
      await api.ticket('alice', [view, none]),
    ]
    expect(new Set(tickets).size).toBe(3)
    expect(tickets).toEqual([expect.any(String), expect.any(String), expect.any(String)])
    const bodies = as.recorder.requests.filter(({ path }) => path === '/perm').map(({ body }) => JSON.parse(`${body}`))
    // Zero scopes are sent as they are. F-4-d: one request, one owner's PAT.
    expect(bodies).toEqual([view, view, [view, none]])
  })

  test('F-4.3-a: invalid_resource_id and invalid_scope are the error’s code', async () => {
    const { api } = await atServer()
    const { id } = await api.create('alice', album)
    const bad = (resource_id: string, scope: string) =>
      failure(api.ticket('alice', [{ resource_id, resource_scopes: [scope] }]))
    expect(await bad('unknown', 'view')).toMatchObject({ status: 400, code: 'invalid_resource_id' })
    expect(await bad(id, 'fly')).toMatchObject({ status: 400, code: 'invalid_scope' })
  })

  test.each([
    ['no ticket', { status: 201, body: {} }],
    ['an empty ticket', { status: 201, body: { ticket: '' } }],
    ['a ticket that is none', { status: 201, body: { ticket: ['x'] } }],
    ['an empty 200, where nothing is public', { status: 200 }],
    ['a ticket with an error', { status: 400, body: { ticket: 'secret-ticket' } }],
    ['500', { status: 500, body: '<h1>secret-ticket</h1>' }],
  ])('F-4.2-a: %s is a typed error', async (_, answer) => {
    const { services } = await scripted(() => answer)
    const error = await failure(services.api.ticket('alice', [{ resource_id: 'x', resource_scopes: [] }]))
    expect(error).toMatchObject({ name: 'ProtectionApiError', status: answer.status })
    expect(said(error)).not.toContain('secret-ticket')
  })

  test('F-4.2-a: a ticket with status 200 is a ticket', async () => {
    const { services } = await scripted(({ path }) =>
      path === '/perm' ? { status: 200, body: { ticket: 't' } } : undefined,
    )
    expect(await services.api.ticket('alice', [{ resource_id: 'x', resource_scopes: [] }])).toBe('t')
  })
})

describe('introspection', () => {
  test('F-5.1-a: asked with the PAT and the hint access_token', async () => {
    const { as, api } = await atServer()
    expect(await api.introspect('alice', 'unknown+/=')).toEqual({ active: false })
    const [request] = as.recorder.requests.filter(({ path }) => path === '/introspect')
    const form = Object.fromEntries(new URLSearchParams(`${request?.body}`))
    expect(form).toEqual({ token: 'unknown+/=', token_type_hint: 'access_token' })
    expect(request?.headers.authorization).toMatch(/^Bearer /)
  })

  test.each([
    ['HTML', { status: 200, body: '<h1>hello</h1>' }],
    ['no active', { status: 200, body: { permissions: [] } }],
    ['400', { status: 400, body: { error: 'invalid_request' } }],
    ['204', { status: 204 }],
  ])('F-5.1-a: %s tells nothing: an error, which names no token', async (_, answer) => {
    const { services } = await scripted(({ path }) => (path === '/introspect' ? answer : undefined))
    const error = await failure(services.api.introspect('alice', 'the-rpt'))
    expect(error).toMatchObject({ name: 'ProtectionApiError', status: answer.status })
    expect(said(error)).not.toContain('the-rpt')
  })

  test('F-1.5-a, F-2-a: an endpoint that the metadata does not name, or names unsafely, is a typed error; nothing is sent', async () => {
    const metadata = { introspection_endpoint: undefined, permission_endpoint: 'http://as.example/perm' }
    const { services, asked } = await scripted(() => undefined, {}, { metadata })
    for (const call of [services.api.introspect('alice', 'x'), services.api.ticket('alice', [])]) {
      expect(await failure(call)).toMatchObject({ name: 'ProtectionApiError', status: 0 })
    }
    expect(asked).toEqual([])
  })
})
