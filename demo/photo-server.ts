/** Alice's photo server. Where it imports from `../src`, a server of yours imports from `uma-requester`. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientSecretBasic, createHost } from '../src/host/index.ts'
import { guardNode } from '../src/host/node.ts'
import { type AuthorizationServer, resourceServerClient } from '../test/helpers/authorization-server.ts'
import { HOST_AGENT } from '../test/helpers/host.ts'
import { type ListeningServer, listen, readBody, send } from '../test/helpers/http.ts'
import type { WireRecorder } from '../test/helpers/recorder.ts'

export async function startPhotoServer(
  as: AuthorizationServer,
  port: number,
  recorder: WireRecorder,
): Promise<ListeningServer> {
  const secret = randomBytes(24).toString('base64url')
  await as.addClient(resourceServerClient('photos', secret))

  const host = createHost({
    issuer: as.issuer,
    client: { id: 'photos', auth: clientSecretBasic(secret) },
    realm: 'photos',
    // So that its calls can be told from those of the three programs.
    fetch: (input, init) => {
      const headers = new Headers(init?.headers)
      headers.set('user-agent', HOST_AGENT)
      return fetch(input, { ...init, headers })
    },
  })

  const photos = new Map<string, { type: string; bytes: Buffer }>()
  const share = (url: string): Promise<unknown> =>
    host.protect({ url, owner: 'alice', scopes: ['read', 'write'], name: url })

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? ''
    if (req.method === 'PUT') {
      const bytes = await readBody(req)
      // A resource of its own, from now on.
      if (!photos.has(path)) await share(path)
      photos.set(path, { type: req.headers['content-type'] ?? '', bytes })
      return send(res, { status: 200, body: { written: path, received: bytes.length } })
    }
    const photo = photos.get(path)
    if (photo) return send(res, { status: 200, headers: { 'content-type': photo.type }, body: photo.bytes })
    send(res, { status: 404, body: { error: 'not_found' } })
  }

  // Two photos, and the album that new ones are written into.
  await share('/alice/*')
  for (const path of ['/alice/1.jpg', '/alice/2.jpg']) {
    await share(path)
    photos.set(path, { type: 'application/json', bytes: Buffer.from(JSON.stringify({ photo: path, owner: 'alice' })) })
  }
  const listener = guardNode(host, (req, res) => {
    serve(req, res).catch(() => res.destroy())
  })
  let origin = ''
  const server = await listen(
    recorder.wrap(listener, 'photos', () => origin),
    { port },
  )
  origin = server.origin
  return server
}
