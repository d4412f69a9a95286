/**
 * A resource server for tests on a real loopback port: photos at /{owner}/{name}, each protected by its owner's authorization server.
 * As long as it is orderly the package's own host decides (rs/warden.ts); a quirk puts a gate in its place that misbehaves (rs/gate.ts).
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthorizationServer } from './authorization-server.ts'
import { type Answer, listen, pause, readBody, send } from './http.ts'
import { WireRecorder } from './recorder.ts'
import { gate, SCOPES } from './rs/gate.ts'
import { decidesAsSpecified, type HostQuirks, orderly, type RequestView } from './rs/quirks.ts'
import { createWarden, type Warden } from './rs/warden.ts'

export { HOST_AGENT } from './rs/protection.ts'
export type { ChallengeFacts, ChallengeStyle, HostQuirks, RequestView } from './rs/quirks.ts'

export interface HostOptions {
  /** protects everything that `owners` does not name */
  authorizationServer: AuthorizationServer
  /** the authorization server of an owner: the first segment of the path */
  owners?: Record<string, AuthorizationServer>
  /** registration, tickets and introspection as function calls instead of over HTTP */
  direct?: boolean
  port?: number
  /** the name it goes by: 127.0.0.1 or localhost */
  host?: string
  label?: string
  realm?: string
  recorder?: WireRecorder
  quirks?: Partial<HostQuirks>
}

export interface AcceptedWrite {
  method: string
  path: string
  contentType: string | undefined
  bytes: Buffer
}

export interface Host {
  readonly origin: string
  readonly port: number
  readonly label: string
  readonly recorder: WireRecorder
  /** switches may be flipped at any time */
  readonly quirks: HostQuirks
  /** what was written last, by path */
  readonly resources: ReadonlyMap<string, AcceptedWrite>
  /** every accepted write, in order */
  readonly bodies: AcceptedWrite[]
  /** client_id of this host at its authorization servers */
  readonly clientId: string
  /** the resource_id of a path at its owner's authorization server; registers it where needed */
  resourceId(path: string): Promise<string>
  close(): Promise<void>
}

let hosts = 0

export async function startHost(options: HostOptions): Promise<Host> {
  const { authorizationServer, owners = {}, label = 'host', realm = 'photos', recorder = new WireRecorder() } = options
  const clientId = `rs-${label}-${++hosts}`
  const quirks: HostQuirks = { ...orderly(), ...options.quirks }
  const resources = new Map<string, AcceptedWrite>()
  const bodies: AcceptedWrite[] = []
  const wardens = new Map<AuthorizationServer, Warden>()

  const wardenOf = (path: string): Warden => {
    const as = owners[ownerOf(path)] ?? authorizationServer
    const known = wardens.get(as) ?? createWarden({ as, clientId, realm, direct: options.direct === true })
    wardens.set(as, known)
    return known
  }

  const refusal = (req: IncomingMessage, view: RequestView): Promise<Answer | undefined> => {
    const warden = wardenOf(view.path)
    if (decidesAsSpecified(quirks)) return warden.judge(req, view.path)
    return gate({ quirks, realm, protection: warden.protection, request: view })
  }

  async function answer(req: IncomingMessage, view: RequestView): Promise<Answer> {
    const where = quirks.redirect?.(view)
    if (where !== undefined) {
      const { status, location } = typeof where === 'string' ? { status: 302, location: where } : where
      return { status, headers: { location } }
    }
    const open = view.path.startsWith('/public/')
    const refused = open ? undefined : await refusal(req, view)
    const body = quirks.closeEarly === 'answer' && refused ? undefined : await readBody(req)
    if (refused) return refused
    if (view.method === 'GET' || view.method === 'HEAD') {
      return {
        status: 200,
        headers: { vary: 'Authorization' },
        body: { path: view.path, owner: ownerOf(view.path), method: view.method, by: open ? 'nobody' : 'rpt' },
      }
    }
    const bytes = body ?? Buffer.alloc(0)
    const write: AcceptedWrite = {
      method: view.method,
      path: view.path,
      contentType: req.headers['content-type'],
      bytes,
    }
    bodies.push(write)
    resources.set(view.path, write)
    return {
      status: 200,
      body: { received: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), method: view.method },
    }
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (cors(quirks, req, res)) return
    if (quirks.closeEarly === 'silent') return void res.destroy()
    await pause(quirks.delayMs)
    const url = req.url ?? '/'
    const view: RequestView = { method: req.method ?? 'GET', path: url.split('?')[0] ?? url, url, headers: req.headers }
    const usual = await answer(req, view)
    if (quirks.closeEarly === 'answer' && !req.complete) {
      res.setHeader('connection', 'close')
      res.once('finish', () => req.destroy())
    }
    send(res, quirks.answer?.(usual, view) ?? usual)
  }

  let origin = ''
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    handle(req, res).catch((error: unknown) => res.destroyed || send(res, { status: 500, body: String(error) }))
  }
  const server = await listen(
    recorder.wrap(listener, label, () => origin),
    options,
  )
  origin = server.origin
  return {
    origin,
    port: server.port,
    label,
    recorder,
    quirks,
    resources,
    bodies,
    clientId,
    resourceId: (path) => wardenOf(path).protection.resourceId(path, SCOPES),
    close: server.close,
  }
}

const ownerOf = (path: string): string => decodeURIComponent(path.split('/')[1] ?? '')

/** True when it was a preflight and is answered. */
function cors(quirks: HostQuirks, req: IncomingMessage, res: ServerResponse): boolean {
  if (quirks.cors) {
    res.setHeader('access-control-allow-origin', '*')
    if (quirks.exposeHeaders) res.setHeader('access-control-expose-headers', 'WWW-Authenticate, Warning')
  }
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return false
  const headers = {
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers':
      'authorization, content-type, accept, range, if-match, if-none-match, dpop, x-requested-with',
    'access-control-max-age': '0',
  }
  send(res, { status: 204, ...(quirks.cors ? { headers } : {}) })
  return true
}
