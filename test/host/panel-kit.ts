/** The panel on a real port, with a host that is a list: what the panel makes of it is what is looked at. */
import { onTestFinished } from 'vitest'
import { UmaError } from '../../src/errors/index.ts'
import { toNodeListener } from '../../src/host/node-handler.ts'
import { createPanel, type PanelHost, type PanelOptions } from '../../src/host/panel.ts'
import type { ProtectedResource, ResourceOptions } from '../../src/host/types.ts'
import { listen } from '../helpers/http.ts'

export interface ListedHost extends PanelHost {
  resources: Map<string, ProtectedResource>
  /** What it was told to do. */
  calls: (['protect', ResourceOptions] | ['unprotect', string])[]
  /** Owners without a PAT. */
  strangers: Set<string>
  /** The authorization server does not answer. */
  down: boolean
}

export function listedHost(): ListedHost {
  const resources = new Map<string, ProtectedResource>()
  const host: ListedHost = {
    resources,
    calls: [],
    strangers: new Set(),
    down: false,
    resourceAt: (url) =>
      resources.get(decodeURIComponent(url)) ?? [...resources.values()].find(({ pattern }) => below(pattern, url)),
    async protect(options) {
      host.calls.push(['protect', options])
      if (host.down) throw new UmaError('no answer', { code: 'timeout' })
      const { url, owner, name, scopes = ['read'] } = options
      const resource: ProtectedResource = {
        id: `id-${resources.size}`,
        pattern: decodeURIComponent(url),
        owner,
        scopes: [...scopes],
        policyUri: 'https://as.example/policy/1?a=1&b="2"',
        description: { resource_scopes: [...scopes] },
        ...(name !== undefined && { name }),
      }
      resources.set(resource.pattern, resource)
      return resource
    },
    async unprotect(url) {
      host.calls.push(['unprotect', url])
      if (host.down) throw new UmaError('no answer', { code: 'timeout' })
      resources.delete(decodeURIComponent(url))
    },
    hasPat: (owner) => !host.strangers.has(owner),
    authorizationUrl: async (owner) => `https://as.example/authorize?state=for-${owner}`,
  }
  return host
}

const below = (pattern: string, path: string): boolean =>
  pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1))

export interface Panel {
  origin: string
  host: ListedHost
  /** As a browser does: a page of its own, with a session. */
  get(query: Record<string, string> | string, init?: RequestInit & { as?: string | undefined }): Promise<Response>
  /** Presses the button of a page that was got. */
  press(action: 'share' | 'stop', query: Record<string, string>, more?: PressOptions): Promise<Response>
}

export interface PressOptions {
  as?: string
  headers?: Record<string, string>
  /** Instead of the one on the page. */
  token?: string
}

/** The session of the tests: a cookie with the owner's name. */
export const byCookie = (request: Request): string | undefined =>
  /(?:^|; )session=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1]

export const tokenOn = (html: string): string => /name="token" value="([^"]+)"/.exec(html)?.[1] ?? ''

export async function startPanel(options: Partial<PanelOptions> = {}): Promise<Panel> {
  const host = listedHost()
  const handler = createPanel(host, {
    owner: byCookie,
    mayShare: (owner, path) => path.startsWith(`/${owner}/`),
    ...options,
  })
  const { origin, close } = await listen(toNodeListener(handler))
  onTestFinished(close)
  const get: Panel['get'] = (query, { as = 'alice', ...init } = {}) =>
    fetch(`${origin}/panel?${typeof query === 'string' ? query : new URLSearchParams(query)}`, {
      redirect: 'manual',
      ...init,
      headers: { ...(as && { cookie: `session=${as}` }), ...init.headers },
    })
  return {
    origin,
    host,
    get,
    async press(action, query, { as = 'alice', headers, token } = {}) {
      const body = new URLSearchParams({ action, token: token ?? tokenOn(await (await get(query, { as })).text()) })
      return get(query, {
        as,
        method: 'POST',
        body,
        headers: { origin, 'sec-fetch-site': 'same-origin', ...headers },
      })
    },
  }
}

export const photo = { uri: '/alice/1.jpg', name: 'Lac Blanc' }
