/** What a client does by hand: plain fetch, one function a step. */
import type { AuthorizationServer } from '../helpers/authorization-server.ts'
import { UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'

export interface Wire {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said
  json: any
}

export async function wire(url: string, init: RequestInit = {}): Promise<Wire> {
  const answer = await fetch(url, { redirect: 'manual', ...init })
  const text = await answer.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status: answer.status, headers: answer.headers, text, json }
}

export const post = (
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Wire> => wire(url, { method: 'POST', body: new URLSearchParams(fields), headers })

export const bearer = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
})

export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${btoa(`${id}:${secret}`)}`,
})

/** A UMA token request of the public client `spa`. */
export const exchange = (
  as: AuthorizationServer,
  ticket: string,
  more: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Wire> =>
  post(
    `${as.issuer.replace(/\/$/, '')}/token`,
    { grant_type: UMA_TICKET_GRANT, client_id: 'spa', ticket, ...more },
    headers,
  )

/** A ticket of a resource made for the occasion, straight from the server. */
export function freshTicket(
  as: AuthorizationServer,
  scopes: string[] = ['read'],
  name = 'thing',
): { ticket: string; id: string } {
  const id = as.registerResource({ name, resource_scopes: ['read', 'write', 'print'] })._id
  return { id, ticket: as.issueTicket([{ resource_id: id, resource_scopes: scopes }]) }
}

/** The parameters of a well-formed challenge. */
export function challengeOf(answer: Wire): { as_uri: string; ticket: string } {
  const header = answer.headers.get('www-authenticate') ?? ''
  const value = (name: string): string => new RegExp(`${name}="?([^",]+)"?`).exec(header)?.[1] ?? ''
  return { as_uri: value('as_uri'), ticket: value('ticket') }
}

/** A browser with cookies: follows redirects inside `base`, hands back the URL that leaves it or the page that it stops at. */
export async function browse(
  base: string,
  url: string,
  init: RequestInit = {},
  jar = new Map<string, string>(),
): Promise<Wire & { url: string; left?: string }> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await wire(url, {
    ...init,
    headers: { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) },
  })
  for (const line of answer.headers.getSetCookie()) {
    const [name = '', ...value] = (line.split(';')[0] ?? '').split('=')
    jar.set(name, value.join('='))
  }
  const location = answer.headers.get('location')
  if (location === null) return { ...answer, url }
  const next = new URL(location, url).href
  return next.startsWith(base) ? browse(base, next, {}, jar) : { ...answer, url, left: next }
}

/** Submits the page's only form. */
export function submit(
  base: string,
  page: { text: string; url: string },
  fields: Record<string, string>,
  jar?: Map<string, string>,
): ReturnType<typeof browse> {
  const action = /action="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const hidden = Object.fromEntries(
    [...page.text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((m) => [m[1] ?? '', m[2] ?? '']),
  )
  return browse(
    base,
    new URL(action, page.url).href,
    { method: 'POST', body: new URLSearchParams({ ...hidden, ...fields }) },
    jar,
  )
}
