/** What the diagram is told: who said what to whom. Tickets and tokens are shown by their first letters only. */
import { STATUS_CODES } from 'node:http'
import type { RecordedRequest } from '../../test/helpers/recorder.ts'

export type Lane = 'app' | 'host' | 'as'

export interface Message {
  id: number
  /** Milliseconds since 1970, with fractions. */
  at: number
  from: Lane
  to: Lane
  /** On the arrow: what goes over the wire. */
  label: string
  /** Beneath: what it means. */
  meaning?: string
  kind: 'request' | 'answer' | 'challenge' | 'token' | 'person' | 'behind' | 'refused'
  /** An answer, drawn with a broken line. */
  back?: boolean
  /** Drawn once with a number where several come at a time. */
  merge?: boolean
}

/** What the server of the demo tells the page, as server-sent events. */
export type Told = { reset: true } | { message: Message }

export type Draft = Omit<Message, 'id' | 'at'>

const short = (secret: string | null | undefined): string => `${(secret ?? '').slice(0, 4)}…`

/** Which lane a request comes from and goes to; undefined: not for the diagram. */
function ends(request: RecordedRequest, hostsOwn: boolean): { from: Lane; to: Lane } | undefined {
  const { server, method, path } = request
  if (method === 'OPTIONS' || path === '/favicon.ico') return undefined
  if (!hostsOwn) return alicesOwn(request) ? undefined : { from: 'app', to: server === 'as' ? 'as' : 'host' }
  // Discovery and the host's own token are had before anybody looks.
  return /\/(perm|introspect|rreg\/[^/]*)$/.test(path) ? { from: 'host', to: 'as' } : undefined
}

/** What goes on between Alice and the server where her photos are, but for her clicks on the panel. */
const alicesOwn = ({ server, method, path, headers }: RecordedRequest): boolean =>
  server === 'host' &&
  (/^\/(own|sign-in)\b/.test(path) ||
    (method !== 'POST' && path.startsWith('/uma/')) ||
    (!path.startsWith('/uma/') && !!headers.cookie?.includes('photos-session=') && !headers.authorization))

/** What the photo server asks the authorization server for. */
function behind(method: string, path: string, body: Buffer): { label: string; meaning: string; merge?: boolean } {
  if (path === '/perm') return { label: 'POST /perm', meaning: 'a ticket, please', merge: true }
  if (path === '/introspect') return { label: 'POST /introspect', meaning: 'what is this RPT good for?', merge: true }
  const id = path.slice('/rreg/'.length)
  const name = parsed(body.toString()).name
  const meaning = method === 'DELETE' ? 'not shared any more' : `“${name}” is to be protected`
  return { label: `${method} /rreg/${id && short(id)}`, meaning }
}

/** When a request has arrived. */
export function arrow(request: RecordedRequest, hostsOwn: boolean): Draft | undefined {
  const way = ends(request, hostsOwn)
  if (!way) return undefined
  const { method, path, headers, body } = request
  const url = new URL(path, 'http://demo')
  if (hostsOwn) return { ...way, kind: 'behind', ...behind(method, url.pathname, body) }
  if (url.pathname === '/uma/panel') {
    const action = new URLSearchParams(body.toString()).get('action')
    const photo = url.searchParams.get('name')
    const meaning = action === 'stop' ? `Alice stops sharing “${photo}”` : `Alice shares “${photo}”`
    return { ...way, label: 'POST /uma/panel', meaning, kind: 'person' }
  }
  if (url.pathname.startsWith('/policy/')) {
    const meaning = method === 'POST' ? 'Alice decides who may see it' : 'settings: who may see it?'
    return { ...way, label: `${method} /policy/${short(url.pathname.slice(8))}`, meaning, kind: 'person' }
  }
  if (url.pathname === '/rqp_claims') {
    const meaning = 'redirect: Bob goes there himself'
    return { ...way, label: `GET /rqp_claims ticket=${short(url.searchParams.get('ticket'))}`, meaning, kind: 'person' }
  }
  if (url.pathname.startsWith('/rqp_claims/')) {
    const action = new URLSearchParams(body.toString()).get('action')
    const meaning = action === 'decline' ? 'Bob declines' : 'Bob logs in and agrees'
    return { ...way, label: 'POST /rqp_claims', meaning, kind: 'person' }
  }
  if (url.pathname === '/token') {
    const form = new URLSearchParams(body.toString())
    const more = ['rpt', 'pct'].filter((name) => form.has(name)).map((name) => ` ${name}=${short(form.get(name))}`)
    return {
      ...way,
      label: `POST /token ticket=${short(form.get('ticket'))}${more.join('')}`,
      meaning: 'a token for this ticket, please',
      kind: 'request',
    }
  }
  if (url.pathname === '/revoke') return { ...way, label: 'POST /revoke', meaning: 'Bob signs out', kind: 'request' }
  if (url.pathname.startsWith('/.well-known/'))
    return { ...way, label: 'GET /.well-known/uma2-configuration', kind: 'request' }
  const token = /^bearer (.*)/i.exec(headers.authorization ?? '')?.[1]
  // With a token in hand, the photos come all at once.
  const what = token ? url.pathname.replace(/[^/]+(\.svg)$/, '*$1') : url.pathname
  return {
    ...way,
    label: `${method} ${what}${token ? ` RPT ${short(token)}` : ''}`,
    kind: token ? 'token' : 'request',
    merge: !!token,
  }
}

/** When it was answered. */
export function answer(request: RecordedRequest, text: string, hostsOwn: boolean): Draft | undefined {
  const way = ends(request, hostsOwn)
  if (!way) return undefined
  const { path, status = 0, answerHeaders = {} } = request
  const url = new URL(path, 'http://demo')
  const json = parsed(text)
  const back = { from: way.to, to: way.from, back: true }
  if (hostsOwn) {
    if (url.pathname === '/perm')
      return { ...back, label: `${status} ticket=${short(json.ticket as string)}`, kind: 'behind' }
    if (url.pathname === '/introspect')
      return { ...back, label: `${status} active: ${json.active}`, kind: 'behind', merge: true }
    return { ...back, label: `${status}${json._id ? ` _id=${short(json._id as string)}` : ''}`, kind: 'behind' }
  }
  if (url.pathname.startsWith('/policy/')) return { ...back, label: `${status} a page`, kind: 'person' }
  if (url.pathname === '/uma/panel')
    return { ...back, label: `${status} ${STATUS_CODES[status]}`, kind: status < 400 ? 'person' : 'refused' }
  if (url.pathname.startsWith('/rqp_claims')) {
    const where = URL.canParse(answerHeaders.location ?? '')
      ? new URL(answerHeaders.location as string).searchParams
      : undefined
    if (where?.has('ticket'))
      return {
        ...back,
        label: `302 ticket=${short(where.get('ticket'))}`,
        meaning: 'back to the app with a new ticket',
        kind: 'person',
      }
    if (where) return { ...back, label: `302 error=${where.get('error')}`, meaning: 'back to the app', kind: 'refused' }
    return { ...back, label: `${status} a page`, meaning: 'who are you?', kind: 'person' }
  }
  if (url.pathname === '/token') {
    const token = json.access_token as string | undefined
    if (token)
      return {
        ...back,
        label: `${status} RPT ${short(token)}`,
        meaning: 'a token with Bob’s permissions',
        kind: 'token',
      }
    if (json.error === 'need_info')
      return {
        ...back,
        label: `${status} need_info ticket=${short(json.ticket as string)}`,
        meaning: 'first I need to know who is asking',
        kind: 'challenge',
      }
    return { ...back, label: `${status} ${json.error}`, meaning: 'no', kind: 'refused' }
  }
  const challenge = /^UMA .*ticket="([^"]*)"/.exec(answerHeaders['www-authenticate'] ?? '')?.[1]
  if (challenge)
    return {
      ...back,
      label: `${status} UMA ticket=${short(challenge)}`,
      meaning: 'protected: here is a ticket for it',
      kind: 'challenge',
    }
  const merge = url.pathname.endsWith('.svg')
  return {
    ...back,
    label: `${status} ${STATUS_CODES[status]}${merge ? ' (a photo)' : ''}`,
    kind: status < 400 ? 'answer' : 'refused',
    merge,
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
