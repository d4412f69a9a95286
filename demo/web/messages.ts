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
function ends({ server, method, path }: RecordedRequest, hostsOwn: boolean): { from: Lane; to: Lane } | undefined {
  if (method === 'OPTIONS' || path === '/favicon.ico') return undefined
  if (!hostsOwn) return { from: 'app', to: server === 'as' ? 'as' : 'host' }
  // The host's own token and registrations are made before anybody looks; tickets and introspection are what matters here.
  return /\/(perm|introspect)$/.test(path) ? { from: 'host', to: 'as' } : undefined
}

/** When a request has arrived. */
export function arrow(request: RecordedRequest, hostsOwn: boolean): Draft | undefined {
  const way = ends(request, hostsOwn)
  if (!way) return undefined
  const { method, path, headers, body } = request
  const url = new URL(path, 'http://demo')
  if (hostsOwn) {
    const label = url.pathname === '/perm' ? 'POST /perm' : 'POST /introspect'
    return {
      ...way,
      label,
      kind: 'behind',
      meaning: url.pathname === '/perm' ? 'a ticket, please' : 'what is this RPT good for?',
      merge: true,
    }
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
    return { ...back, label: `${status} active: ${json.active}`, kind: 'behind', merge: true }
  }
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
