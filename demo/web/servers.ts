/** The three servers of the demo: the app's page, Alice's photos, and the authorization server that protects them. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type AuthorizationServer, startAuthorizationServer } from '../../test/helpers/authorization-server.ts'
import { listen, send } from '../../test/helpers/http.ts'
import type { Draft, Message, Told } from './messages.ts'
import { type PhotoServer, startPhotoServer } from './photo-server.ts'
import { accounts, createPolicies } from './policies.ts'
import { Tap } from './tap.ts'

export interface DemoServers {
  app: string
  as: string
  host: string
  close(): Promise<void>
}

/** Starts a server on a port, or says in words why not. */
export type OnPort = <T>(who: string, port: number, start: (port: number) => Promise<T>) => Promise<T>

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const file = (name: string): string => readFileSync(here(name), 'utf8')

/** @param port of the page; the authorization server and the photos get the next two. 0: any that are free */
export async function startServers(port: number, onPort: OnPort): Promise<DemoServers> {
  const messages: Message[] = []
  const listeners = new Set<ServerResponse>()
  const tell = (told: Told): void => {
    for (const res of listeners) res.write(`data: ${JSON.stringify(told)}\n\n`)
  }
  let quiet = true
  let as: AuthorizationServer
  const policies = createPolicies(() => as)
  const tap = new Tap({
    tell: (draft: Draft, at: number) => {
      if (quiet) return
      const message = { ...draft, id: messages.length, at }
      messages.push(message)
      tell({ message })
    },
    style: { as: file('as-pages.css'), host: `${file('as-pages.css')}${file('host-pages.css')}` },
    answers: { as: policies.answer },
  })

  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const res of listeners) res.end()
    await Promise.all(closers.splice(0).map((one) => one()))
  }
  try {
    const places = { app: '', as: '', host: '' }
    const page = await pageFiles()
    const app = await onPort('page', port, (port) =>
      listen(
        (req, res) => {
          const { pathname } = new URL(req.url ?? '/', 'http://app')
          if (pathname === '/demo/messages') return stream(req, res)
          if (pathname === '/demo/reset' && req.method === 'POST') {
            reset().then(
              () => send(res, { status: 204 }),
              () => send(res, { status: 500 }),
            )
            return
          }
          if (pathname === '/demo/places')
            return send(res, { status: 200, headers: { 'cache-control': 'no-store' }, body: places })
          const found = page[pathname]
          if (found)
            return send(res, {
              status: 200,
              headers: { 'content-type': found.type, 'cache-control': 'no-store' },
              body: found.text,
            })
          send(res, { status: pathname === '/favicon.ico' ? 204 : 404 })
        },
        { port },
      ),
    )
    closers.push(app.close)

    const next = (more: number): number => port && port + more
    as = await onPort('authorization server', next(1), (port) =>
      startAuthorizationServer({ port, recorder: tap, policy: policies.policy, accounts }),
    )
    closers.push(as.close)
    const host: PhotoServer = await onPort('photo server', next(2), (port) =>
      startPhotoServer(as, app.origin, port, tap),
    )
    closers.push(host.close)

    Object.assign(places, { app: app.origin, as: as.issuer, host: host.origin })
    const back = ['/callback', '/popup-callback'].map((path) => app.origin + path)
    await as.addClient({
      client_id: 'album-app',
      client_name: 'The album app',
      token_endpoint_auth_method: 'none',
      redirect_uris: back,
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
      claims_redirect_uris: back,
    })
    // Alice has put her photos under protection before Bob comes along.
    await reset()
    return { ...places, close }

    /** As at the start: everything shared with Bob, and nothing said yet. */
    async function reset(): Promise<void> {
      quiet = true
      policies.clear()
      await host.restore()
      messages.length = 0
      tap.clear()
      tell({ reset: true })
      quiet = false
    }

    function stream(req: IncomingMessage, res: ServerResponse): void {
      res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      res.write(`retry: 500\n\ndata: ${JSON.stringify({ reset: true })}\n\n`)
      for (const message of messages) res.write(`data: ${JSON.stringify({ message })}\n\n`)
      listeners.add(res)
      req.once('close', () => listeners.delete(res))
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What the page consists of, bundled now: there is nothing to build beforehand. */
async function pageFiles(): Promise<Record<string, { type: string; text: string }>> {
  const { outputFiles } = await build({
    entryPoints: [here('app.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    write: false,
    logLevel: 'silent',
  })
  const html = { type: 'text/html; charset=utf-8', text: file('index.html') }
  return {
    '/': html,
    '/alice': html,
    '/callback': html,
    '/popup-callback': html,
    '/style.css': { type: 'text/css; charset=utf-8', text: file('style.css') },
    '/app.js': { type: 'text/javascript; charset=utf-8', text: outputFiles[0]?.text ?? '' },
  }
}
