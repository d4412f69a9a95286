/** Alice's photos: a server of node:http. Where it imports from `../../src`, a server of yours imports from `uma-requester`. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { clientSecretBasic, createHost } from '../../src/host/index.ts'
import { guardNode, toNodeListener } from '../../src/host/node.ts'
import { type AuthorizationServer, resourceServerClient } from '../../test/helpers/authorization-server.ts'
import { HOST_AGENT } from '../../test/helpers/host.ts'
import { listen, page, readBody, send } from '../../test/helpers/http.ts'
import { album, type Photo, photoAt } from './photos.ts'
import type { Tap } from './tap.ts'

export interface PhotoServer {
  origin: string
  /** All photos shared, as at the start. */
  restore(): Promise<void>
  close(): Promise<void>
}

export async function startPhotoServer(
  as: AuthorizationServer,
  app: string,
  port: number,
  tap: Tap,
): Promise<PhotoServer> {
  const secret = randomBytes(24).toString('base64url')
  await as.addClient(resourceServerClient('photos', secret))

  // ── The part that a server needs ──────────────────────────────────────────────────────────────────────────────────────────
  const host = createHost({
    issuer: as.issuer,
    client: { id: 'photos', auth: clientSecretBasic(secret) },
    realm: 'photos',
    cors: { origins: [app] },
    fetch: (input, init) => fetch(input, { ...init, headers: { ...headersOf(init), 'user-agent': HOST_AGENT } }),
  })
  const guarded = guardNode(host, photos)
  const panel = toNodeListener(
    host.panel({
      owner: (request) => sessions.get(sessionIn(request.headers.get('cookie'))),
      mayShare: (owner, path) => owner === 'alice' && photoAt(path) !== undefined,
      frameAncestors: [app],
      compact: true,
      theme: { scheme: 'light', accent: '#0d7c72', line: '#d8dce4', size: '13px', padding: '6px', radius: '9px' },
    }),
  )
  // ── The rest is a photo server ────────────────────────────────────────────────────────────────────────────────────────────

  const sessions = new Map<string, string>()

  const handle: RequestListener = (req, res) => {
    const path = (req.url ?? '').split('?')[0] ?? ''
    if (path === '/uma/panel') return panel(req, res)
    if (path === '/sign-in') return later(res, signIn(req, res))
    const owner = sessions.get(sessionIn(req.headers.cookie))
    if (path === '/own/album') return later(res, ownAlbum(owner, res))
    // Her own session opens what is hers. Nobody else gets by the warden.
    if (owner === 'alice' && req.method === 'GET' && photoAt(path)) return photos(req, res)
    guarded(req, res)
  }

  function photos(req: IncomingMessage, res: ServerResponse): void {
    const path = (req.url ?? '').split('?')[0] ?? ''
    const photo = photoAt(path)
    if (req.method !== 'GET') send(res, { status: 405, headers: { allow: 'GET' } })
    else if (path === '/alice/album') later(res, sharedAlbum(res))
    else send(res, photo ? { status: 200, headers: { 'content-type': 'image/svg+xml' }, body: photo } : { status: 404 })
  }

  const isShared = async ({ path }: Photo): Promise<boolean> => (await host.resourceAt(path)) !== undefined

  /** For Bob: what Alice does not share is not even named. */
  async function sharedAlbum(res: ServerResponse): Promise<void> {
    const shared = await Promise.all(album.map(isShared))
    send(res, { status: 200, body: album.filter((_, index) => shared[index]) })
  }

  async function ownAlbum(owner: string | undefined, res: ServerResponse): Promise<void> {
    const headers = {
      'access-control-allow-origin': app,
      'access-control-allow-credentials': 'true',
      'cache-control': 'no-store',
    }
    if (owner !== 'alice') return send(res, { status: 401, headers })
    const body = await Promise.all(album.map(async (photo) => ({ ...photo, shared: await isShared(photo) })))
    send(res, { status: 200, headers, body })
  }

  async function signIn(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method === 'POST') {
      await readBody(req)
      const session = randomBytes(16).toString('base64url')
      sessions.set(session, 'alice')
      const cookie = `photos-session=${session}; Path=/; HttpOnly; SameSite=Lax`
      return send(res, { status: 303, headers: { 'set-cookie': cookie, location: `${app}/alice` } })
    }
    const body =
      '<form method="post"><p>Your photos are here.</p><p><label>Account <select name="login"><option>alice</option></select></label></p>' +
      '<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p><p><button>Sign in</button></p></form>'
    const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
    send(res, { status: 200, headers, body: page('Sign in', body) })
  }

  async function restore(): Promise<void> {
    await host.protect({ url: '/alice/album', owner: 'alice', scopes: ['read'], name: 'The album' })
    for (const { path, title } of album)
      await host.protect({ url: path, owner: 'alice', scopes: ['read'], name: title })
  }

  let origin = ''
  const server = await listen(
    tap.wrap(handle, 'host', () => origin),
    { port },
  )
  origin = server.origin
  return { origin, restore, close: server.close }
}

const later = (res: ServerResponse, answer: Promise<void>): void => {
  answer.catch(() => res.destroy())
}

const sessionIn = (cookies: string | null | undefined): string =>
  /(?:^|; )photos-session=([\w-]+)/.exec(cookies ?? '')?.[1] ?? ''

const headersOf = (init: RequestInit | undefined): Record<string, string> =>
  Object.fromEntries(new Headers(init?.headers))
