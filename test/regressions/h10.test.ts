/** H10: invented key ids, ids of other paths and other names of one file open nothing; a stream can end with its token. */
import { request as httpRequest } from 'node:http'
import express from 'express'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientSecretBasic, createHost, type GuardOptions, type HostEvent } from '../../src/host/index.ts'
import { jwtValidation } from '../../src/host/jwt.ts'
import { expressGuard, guardNode } from '../../src/host/node.ts'
import { listen, readBody, send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { get, hosted } from '../host/hosted.ts'
import { rawRequest } from '../host/raw.ts'

const path = '/alice/1.jpg'

/** An authorization server that gives the ids of this list to new resources, and publishes one key. */
async function startServer(ids: string[], jwk: object = {}) {
  const server = await startPlainServer(async (req, res) => {
    await readBody(req)
    const answers: Record<string, object> = {
      '/token': { access_token: 'pat', token_type: 'Bearer', expires_in: 600 },
      '/rreg/': { _id: req.url === '/rreg/' && ids.shift() },
      '/perm': { ticket: 't' },
      '/jwks': { keys: [jwk] },
    }
    send(res, { status: req.method === 'POST' && req.url !== '/token' ? 201 : 200, body: answers[req.url ?? ''] ?? {} })
  })
  onTestFinished(server.close)
  const { origin } = server
  const metadata = {
    issuer: origin,
    token_endpoint: `${origin}/token`,
    permission_endpoint: `${origin}/perm`,
    resource_registration_endpoint: `${origin}/rreg/`,
    jwks_uri: `${origin}/jwks`,
  }
  const client = { id: 'photos', auth: clientSecretBasic('secret') }
  return { issuer: origin, metadata, client }
}

test('H10: a JWT with an invented key id is an event of its own, and opens nothing', async () => {
  const keys = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(keys.publicKey)), alg: 'ES256', kid: 'published' }
  const events: HostEvent[] = []
  const options = await startServer(['r'], jwk)
  const validation = jwtValidation({ audience: 'photos' })
  const host = createHost({ ...options, validation, onEvent: (event) => void events.push(event) })
  await host.protect({ url: path, owner: 'alice' })
  const jwt = (kid: string) =>
    new SignJWT({ permissions: [{ resource_id: 'r', resource_scopes: ['read'] }] })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(options.issuer)
      .setAudience('photos')
      .setExpirationTime('1m')
      .sign(keys.privateKey)
  const open = async (token: string) => (await host.guard(() => new Response())(get(path, token))).status
  expect(await open(await jwt('published'))).toBe(200)
  for (let i = 0; i < 3; i++) expect(await open(await jwt(`invented-${i}`))).toBeOneOf([401, 403])
  const told = events.map(({ type }) => String(type)).filter((type) => /unreachable|unknown/.test(type))
  expect(told).not.toContain('authorization-server-unreachable')
  expect(told).toContain('unknown-key')
})

describe('H10: an id that belongs to another path', () => {
  test('protect rejects, and the other path stays as it is', async () => {
    const host = createHost(await startServer(['r1', 'r1', 'r2']))
    await host.protect({ url: '/alice/1.jpg', owner: 'alice' })
    const error = await host.protect({ url: '/bob/1.jpg', owner: 'bob' }).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'ProtectionApiError', code: 'protection_api_failed', reason: 'id_in_use' })
    expect((await host.resources()).map(({ id, pattern }) => [id, pattern])).toEqual([['r1', '/alice/1.jpg']])
    expect((await host.protect({ url: '/bob/1.jpg', owner: 'bob' })).id).toBe('r2')
  })
})

test('H10: streams of NTFS are other names of one file, and refused', async () => {
  const names = ['1.jpg::$DATA', '1.jpg:$DATA:$DATA', '1.jpg::$data', '1.jpg:other:$DATA']
  const { host } = await hosted({ host: { onUnmapped: 'pass' } })
  await host.protect({ url: path, owner: 'alice' })
  await host.protect({ url: '/album/*', owner: 'alice' })
  // On NTFS, static files would serve the content under each of these names.
  const app = express()
    .use(expressGuard(host))
    .use((_req, res) => void res.send('the content'))
  const server = await listen(app)
  onTestFinished(server.close)
  for (const name of names) {
    const answer = await rawRequest(server.port, [`GET /alice/${name} HTTP/1.1`, 'Host: x'])
    expect([name, answer.status]).toEqual([name, 400])
  }
  const folderName = '/album:$I30:$INDEX_ALLOCATION/1.jpg::$DATA'
  expect((await rawRequest(server.port, [`GET ${folderName} HTTP/1.1`, 'Host: x'])).status).toBe(400)
})

describe('H10: endAtExpiry', () => {
  /** A host whose token ends in a moment, and an answer that never ends by itself. */
  async function scene() {
    const kit = await hosted()
    await kit.host.protect({ url: path, owner: 'alice' })
    const token = await kit.tokenFor(path)
    kit.introspection.alter = (answer) => ({ ...answer, exp: Date.now() / 1000 + 0.5 })
    return { ...kit, token }
  }

  test('node:http: the connection ends at the exp of the token', async () => {
    const { host, token } = await scene()
    const server = await listen(
      guardNode(
        host,
        (_req, res) => {
          res.write('first')
        },
        { endAtExpiry: true } as GuardOptions,
      ),
    )
    onTestFinished(server.close)
    const outcome = await new Promise((resolve) => {
      const headers = { authorization: `Bearer ${token}` }
      const request = httpRequest(`${server.origin}${path}`, { headers }, (answer) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += chunk
        })
        answer.on('error', () => resolve(`${answer.statusCode} ${text}, then the connection ended`))
        answer.on('end', () => resolve(`${answer.statusCode} ${text}`))
      })
      const timer = setTimeout(() => {
        resolve('it goes on')
        request.destroy()
      }, 8_000)
      request.on('close', () => clearTimeout(timer)).end()
    })
    expect(outcome).toBe('200 first, then the connection ended')
  })

  test('a Response: its body fails at the exp of the token', async () => {
    const { host, token } = await scene()
    const endless = () => new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([1])) })
    const handler = host.guard(() => new Response(endless()), { endAtExpiry: true } as GuardOptions)
    const answer = await handler(get(path, token))
    expect(answer.status).toBe(200)
    const late = new Promise((resolve) => setTimeout(resolve, 8_000, 'it goes on').unref())
    const ended = answer.arrayBuffer().then(
      () => 'it ended well',
      () => 'it failed',
    )
    expect(await Promise.race([ended, late])).toBe('it failed')
  })
})
