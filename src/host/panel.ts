/**
 * The share panel: `share!` beside what is not protected, `settings` and `stop sharing` beside what is. A page of its own, without
 * script, to be embedded in an iframe.
 */

import { isUmaError } from '../errors/index.ts'
import { secureUrl } from '../protocol/http/secure-url.ts'
import { canonicalPattern } from './canonical-path.ts'
import type { MaybePromise } from './maybe.ts'
import { createTokens, ownClick } from './panel-csrf.ts'
import { type PanelHeaders, panelHeaders } from './panel-headers.ts'
import { english, type PanelAction, type PanelLabels, type PanelView, panelPage } from './panel-page.ts'
import { formOf, type PanelSubject, plainName, subjectOf } from './panel-request.ts'
import { type PanelTheme, panelStyle } from './panel-style.ts'
import type { ProtectedResource, ResourceOptions } from './types.ts'

/** What the panel needs of a host. */
export interface PanelHost {
  /** What protects a path now; a pattern's resource too. */
  resourceAt(url: string): MaybePromise<ProtectedResource | undefined>
  protect(resource: ResourceOptions): Promise<ProtectedResource>
  unprotect(url: string): Promise<unknown>
  /** Whether the host can act for this owner at the authorization server without asking them first. */
  hasPat(owner: string): MaybePromise<boolean>
  /** Where the owner agrees to that. */
  authorizationUrl(owner: string): Promise<string>
}

/** Options of `host.panel`. */
export interface PanelOptions {
  /** Who is signed in, as the app knows it (its session): the owner, by the name that resources are protected with; undefined: nobody. */
  owner: (request: Request) => MaybePromise<string | undefined>
  /**
   * Whether what lies at a path, and is not protected yet, is this owner's to share. The path is percent-decoded, without query. What is
   * protected belongs to whom it was protected for.
   */
  mayShare: (owner: string, path: string) => MaybePromise<boolean>
  /**
   * Who may show the panel in a frame: origins, `'self'` or `'none'`. Default: `['self']`. A page of another site needs the app's session
   * cookie to be `SameSite=None; Secure`.
   */
  frameAncestors?: readonly string[]
  /** The origins of this host, for `uri` and for where clicks come from. Default: that of the request; behind a proxy, say it. */
  origins?: readonly string[]
  /** What else `protect` is told: scopes, methods, a type, another name. */
  resource?: (owner: string, path: string, name: string | undefined) => Partial<Omit<ResourceOptions, 'url' | 'owner'>>
  /** Tell the authorization server the `name` that the panel was given (FedAuthz §8 on what that reveals). Default: true. */
  tellName?: boolean
  /** Signs the panel's tokens; at least 32 bytes. Give it where several processes serve one panel. Default: made at start. */
  key?: string | Uint8Array
  /** Milliseconds that a page may be open before a click is asked for again. Default: 900 000, a quarter of an hour. */
  tokenTtl?: number
  /** Where the settings at the authorization server open. Default: `'_blank'`. */
  settingsTarget?: '_blank' | '_top'
  /** Where somebody who is not signed in is sent. Default: no link. */
  signInUrl?: string
  /** Only what can be done and how it stands; the name, which the page around shows, is for screen readers. Default: false. */
  compact?: boolean
  theme?: PanelTheme
  labels?: PanelLabels
}

/** What is needed for one answer. */
interface Visit {
  request: Request
  url: URL
  owner: string
  subject: PanelSubject
  origins: readonly string[]
}

/** The panel's own address, with what may stand in it only once taken out. */
function addressOf(url: URL, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(url.searchParams)
  for (const name of ['connect', 'done']) query.delete(name)
  for (const [name, value] of Object.entries(more)) query.set(name, value)
  return `?${query}`
}

/**
 * A handler of `GET ?uri=…&name=…` and of the forms on that page. Mount it where the warden is not, at any path.
 *
 * What it calls of yours (`owner`, `mayShare`, `resource`) may throw: the handler then rejects.
 *
 * @throws TypeError if an option is wrong
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory of small functions. The host is divided after the engine is rebuilt.
export function createPanel(host: PanelHost, options: PanelOptions): (request: Request) => Promise<Response> {
  const { owner: ownerOf, mayShare, settingsTarget = '_blank', signInUrl, tellName = true, compact = false } = options
  const labels = { ...english, ...options.labels }
  const style = panelStyle(options.theme ?? {}, compact)
  const tokens = createTokens(options.key, options.tokenTtl ?? 900_000)
  const headers: PanelHeaders = panelHeaders(options.frameAncestors ?? ['self'], style)

  const show = async (status: number, view: PanelView): Promise<Response> =>
    new Response(panelPage(view, labels, style), { status, headers: await headers() })

  const goTo = async (location: string): Promise<Response> =>
    new Response(null, { status: 303, headers: { ...(await headers()), location } })

  /** The panel as things are, with what went wrong just now. */
  async function look(visit: Visit, status = 200, notice?: string): Promise<Response> {
    const { owner, subject, url } = visit
    const resource = await host.resourceAt(subject.url)
    if (!(await isTheirs(visit, resource))) return show(403, { notice: labels.notYours, actions: [] })
    const { path } = subject
    const name = plainName(resource?.name) ?? subject.name ?? (path.slice(path.lastIndexOf('/') + 1) || path)
    const state = { shared: resource !== undefined, ...(!isAt(resource, subject) && { partOf: resource?.pattern }) }
    // Browsers do not let a frame take the focus; in one, the keyboard is where it was.
    const focus = url.searchParams.has('done') && visit.request.headers.get('sec-fetch-dest') !== 'iframe'
    return show(status, {
      name,
      path,
      state,
      actions: await actionsFor(visit, resource, owner),
      focus,
      ...(notice && { notice }),
    })
  }

  async function actionsFor({ subject, url }: Visit, resource: ProtectedResource | undefined, owner: string) {
    const { path } = subject
    const actions: PanelAction[] = []
    const policy = secureUrl(resource?.policyUri)
    if (policy) actions.push({ kind: 'settings', href: policy.href, target: settingsTarget })
    if (isAt(resource, subject)) {
      if (!(await host.hasPat(owner))) {
        const connect = await tokens.mint({ owner, path, action: 'connect' })
        actions.push({ kind: 'connect', href: addressOf(url, { connect }) })
      } else {
        const kind = resource ? 'stop' : 'share'
        actions.push({ kind, token: await tokens.mint({ owner, path, action: kind }) })
      }
    }
    return actions
  }

  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: The host is divided after the engine is rebuilt.
  async function act(visit: Visit): Promise<Response> {
    const { request, url, owner, subject, origins } = visit
    const form = await formOf(request)
    const action = form?.get('action') ?? ''
    const click = { owner, path: subject.path, action }
    const good = ownClick(request.headers, origins) && (await tokens.check(form?.get('token') ?? '', click))
    if (!good || (action !== 'share' && action !== 'stop')) return look(visit, 403, labels.tryAgain)
    const resource = await host.resourceAt(subject.url)
    if (!(await isTheirs(visit, resource))) return look(visit)
    // What is done already need not be done: a second click, another window.
    const due = isAt(resource, subject) && (action === 'share') === (resource === undefined)
    const wanted = due && action === 'share' ? described(visit) : undefined
    try {
      if (wanted) await host.protect(wanted)
      else if (due) await host.unprotect(subject.url)
    } catch (error) {
      if (!isUmaError(error)) throw error
      const agreed = await host.hasPat(owner)
      return look(visit, agreed ? 502 : 200, agreed ? labels.unreachable : labels.connectFirst)
    }
    return goTo(addressOf(url, { done: '1' }))
  }

  function described({ owner, subject: { url, path, name } }: Visit): ResourceOptions {
    const more = options.resource?.(owner, path, name)
    return { ...(tellName && name !== undefined && { name }), ...more, url, owner }
  }

  /** At the top of the window, by a link: a form's way must not lead to another site (CSP `form-action`). */
  async function connect(visit: Visit, token: string): Promise<Response> {
    const { request, owner, subject, origins } = visit
    const good =
      ownClick(request.headers, origins, true) &&
      (await tokens.check(token, { owner, path: subject.path, action: 'connect' }))
    if (!good) return look(visit, 403, labels.tryAgain)
    let location: string
    try {
      location = await host.authorizationUrl(owner)
    } catch (error) {
      if (!isUmaError(error)) throw error
      return look(visit, 502, labels.unreachable)
    }
    return goTo(location)
  }

  const isTheirs = async ({ owner, subject }: Visit, resource: ProtectedResource | undefined): Promise<boolean> =>
    resource ? resource.owner === owner : (await mayShare(owner, subject.path)) === true

  return async (request) => {
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
      return new Response(null, { status: 405, headers: { ...(await headers()), allow: 'GET, HEAD, POST' } })
    const url = new URL(request.url)
    const owner = await ownerOf(request)
    if (!owner) {
      const actions: PanelAction[] = signInUrl === undefined ? [] : [{ kind: 'sign-in', href: signInUrl }]
      return show(401, { notice: labels.signedOut, calm: true, actions })
    }
    const origins = options.origins ?? [url.origin]
    const subject = subjectOf(url.searchParams, origins)
    if (!subject) return show(400, { notice: labels.nothing, actions: [] })
    const visit: Visit = { request, url, owner, subject, origins }
    if (method === 'POST') return act(visit)
    const token = url.searchParams.get('connect')
    return token !== null && method === 'GET' ? connect(visit, token) : look(visit)
  }
}

/** Not a part of something larger: that is shared and unshared where it is whole. */
const isAt = (resource: ProtectedResource | undefined, { url }: PanelSubject): boolean =>
  resource === undefined || resource.pattern === canonicalPattern(url)
