/** Two authorization servers of the field that contradict each other, as a host's dialect has them. */
import { expect, test } from 'vitest'
import { clientSecretPost } from '../../src/authorization-server/client-authentication.ts'
import { products } from '../helpers/authorization-server.ts'
import { atServer, failure, said, servicesAt } from './protection-kit.ts'

const album = { resource_scopes: ['view'], name: 'Album' }

test('F-4.1-a, F-R-i: SolidLab: arrays only, Basic, PAT with 201, 400 for an unknown token, 403 for a replaced PAT', async () => {
  const gone: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init)
    return answer.status === 401 ? new Response(await answer.text(), { status: 403 }) : answer
  }
  const { as, api, events } = await atServer(
    { quirks: products.solidlab },
    {
      fetch: gone,
      dialect: {
        permissionRequest: 'array',
        inactiveStatuses: [400],
        publicResources: true,
        patStatuses: [401, 403],
      },
    },
  )
  const { id } = await api.create('alice', album)
  const view = [{ resource_id: id, resource_scopes: ['view'] }]
  expect(await api.ticket('alice', view)).toEqual(expect.any(String))
  expect(await api.introspect('alice', 'unknown')).toBeUndefined()
  // Another process without our storage: its PAT ends ours.
  await servicesAt(as.issuer).services.api.list('alice')
  expect(await api.ticket('alice', view)).toEqual(expect.any(String))
  expect(events.map(({ type }) => type)).toEqual(['pat-obtained', 'pat-rejected', 'pat-obtained'])
  as.quirks.publicResource = () => true
  expect(await api.ticket('alice', view)).toBeUndefined()
})

test('F-4.1-a: the Python server: a single object only, client_secret_post', async () => {
  const client = {
    client_id: 'post-rs',
    client_secret: 'post-secret',
    token_endpoint_auth_method: 'client_secret_post' as const,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'uma_protection',
  }
  const { as, api } = await atServer(
    { quirks: { permissionForm: 'object' }, clients: [client] },
    { client: { id: 'post-rs', auth: clientSecretPost('post-secret') }, dialect: { permissionRequest: 'object' } },
  )
  const { id } = await api.create('alice', album)
  expect(await api.ticket('alice', [{ resource_id: id, resource_scopes: ['view'] }])).toEqual(expect.any(String))
  expect(await api.introspect('alice', 'unknown')).toEqual({ active: false })
  const wrong = servicesAt(as.issuer, { client: { id: 'post-rs', auth: clientSecretPost('wrong-secret') } }).services
  const error = await failure(wrong.api.list('alice'))
  expect(error).toMatchObject({ name: 'TokenRequestError', code: 'invalid_client' })
  expect(said(error)).not.toContain('wrong-secret')
})
