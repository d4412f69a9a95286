/** H12: the dialect of SolidLab sends no bare name as a resource id, and a wrong argument is a clear TypeError. */
import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientSecretBasic, createHost, type HostDialect } from '../../src/host/index.ts'
import { readBody, send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { hosted } from '../host/hosted.ts'

const solidLab = {
  permissionRequest: 'array',
  inactiveStatuses: [400],
  patStatuses: [401, 403],
  publicResources: true,
  resourceNames: 'url',
} satisfies HostDialect

/** An authorization server that takes the name as the id of a resource, and needs a URL there. */
async function startSolidLab() {
  const registered: Record<string, unknown>[] = []
  const server = await startPlainServer(async (req, res) => {
    const body = `${await readBody(req)}`
    if (req.url === '/token') {
      return send(res, { status: 200, body: { access_token: 'pat', token_type: 'Bearer', expires_in: 600 } })
    }
    if (req.url === '/rreg/') {
      const description = JSON.parse(body)
      registered.push(description)
      return send(res, { status: 201, body: { _id: description.name ?? `urn:uuid:${randomUUID()}` } })
    }
    const [{ resource_id }] = JSON.parse(body)
    send(res, URL.canParse(resource_id) ? { status: 201, body: { ticket: 't' } } : { status: 500 })
  })
  onTestFinished(server.close)
  const host = createHost({
    issuer: server.origin,
    client: { id: 'photos', auth: clientSecretBasic('secret') },
    metadata: {
      issuer: server.origin,
      token_endpoint: `${server.origin}/token`,
      permission_endpoint: `${server.origin}/perm`,
      resource_registration_endpoint: `${server.origin}/rreg/`,
    },
    dialect: solidLab,
  })
  return { host, registered }
}

describe('H12: SolidLab', () => {
  test('a name that is no URL is not sent, and stays at the host; tickets are issued', async () => {
    const { host, registered } = await startSolidLab()
    const photo = await host.protect({ url: '/alice/1.jpg', owner: 'alice', name: 'Lake' })
    expect(registered).toEqual([{ resource_scopes: ['read', 'write'] }])
    expect(photo.name).toBe('Lake')
    const answer = await host.guard(() => new Response())(new Request('http://photos.example/alice/1.jpg'))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('ticket="t"')
    // Protecting it again changes nothing.
    expect((await host.protect({ url: '/alice/1.jpg', owner: 'alice', name: 'Lake' })).id).toBe(photo.id)
    expect(registered).toHaveLength(1)
  })

  test('a name that is a URL is sent', async () => {
    const { host } = await startSolidLab()
    const name = 'https://photos.example/alice/2.jpg'
    expect((await host.protect({ url: '/alice/2.jpg', owner: 'alice', name })).id).toBe(name)
  })
})

test.each<[string, unknown]>([
  ['options in place of the URL', { url: '/alice/1.jpg', scopes: ['read'] }],
  ['nothing', undefined],
  ['a number', 7],
])('H12: update and unprotect with %s: a clear TypeError', async (_name, wrong) => {
  const { host } = await hosted()
  for (const call of [() => host.update(wrong as string, {}), () => host.unprotect(wrong as string)]) {
    await expect(call()).rejects.toThrow("The URL of a resource is a string, such as '/alice/1.jpg'.")
    await expect(call()).rejects.toThrow(TypeError)
  }
})
