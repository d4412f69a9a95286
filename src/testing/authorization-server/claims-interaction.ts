/**
 * The claims interaction endpoint (Grant §3.3.2): a person signs in, agrees to share their name, and returns to the
 * client with another ticket.
 */
import type { AuthorizationProcess } from '../uma-grant/tickets.ts'
import type { Answer } from '../wire/answer.ts'
import { html, options, pageAnswer } from '../wire/html.ts'
import { random } from '../wire/random.ts'
import { readForm } from '../wire/request.ts'
import type { ClientMetadata } from './clients.ts'
import { mountOf, type ServerState } from './state.ts'

/** A person who is on the page. */
interface Visit {
  ticket: string
  process: AuthorizationProcess
  back: (parameters: Record<string, string>) => Answer
  client: ClientMetadata
}

/** @param path below the endpoint: empty, or the id of a visit after a slash */
export type ClaimsInteraction = (request: Request, path: string) => Promise<Answer>

export function claimsInteraction(state: ServerState): ClaimsInteraction {
  const visits = new Map<string, Visit>()
  return async (request, path) => {
    const id = path.slice(1)
    if (request.method === 'POST' && id !== '') return submit(state, visits, id, request)
    if (request.method !== 'GET' || id !== '') return { status: 405, headers: { allow: 'GET, POST' } }
    return start(state, visits, new URL(request.url).searchParams)
  }
}

const brokenLink = (reason: string): Answer => pageAnswer(400, 'This link does not work', `<p>${html(reason)}</p>`)

async function start(state: ServerState, visits: Map<string, Visit>, query: URLSearchParams): Promise<Answer> {
  const client = await state.clients.find(single(query, 'client_id') ?? '')
  if (client === undefined) return brokenLink('The client is not known here.')
  const uri = claimsRedirectUri(client, query)
  if (uri === undefined) return brokenLink('The claims redirection URI is not registered.')
  const back = wayBack(uri, single(query, 'state'))

  const ticket = single(query, 'ticket')
  if (ticket === undefined) return back({ error: 'invalid_request', error_description: 'no ticket' })
  const taken = state.tickets.take(ticket)
  if (!taken.ok) return back({ error: 'invalid_request', error_description: `the ticket is ${taken.reason}` })
  const visit: Visit = { ticket, process: taken.process, back, client }
  const account = state.deviations.autoInteraction
  if (account !== undefined) return finish(state, visit, account, true)
  const id = random()
  visits.set(id, visit)
  return form(state, id, client)
}

/** The value of a parameter that is sent exactly once. */
function single(query: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = query.getAll(name)
  return others.length === 0 ? value : undefined
}

/** Compared as plain strings; may be left out only if the client registered exactly one (Grant §3.3.2). */
function claimsRedirectUri(client: ClientMetadata, query: URLSearchParams): string | undefined {
  const registered = client.claims_redirect_uris ?? []
  const uri = single(query, 'claims_redirect_uri') ?? (registered.length === 1 ? registered[0] : undefined)
  return uri !== undefined && registered.includes(uri) ? uri : undefined
}

const wayBack =
  (uri: string, state: string | undefined): Visit['back'] =>
  (parameters) => {
    const query = new URLSearchParams({ ...parameters, ...(state === undefined ? {} : { state }) })
    return {
      status: 302,
      headers: {
        location: `${uri}${uri.includes('?') ? '&' : '?'}${query}`,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
    }
  }

function form(state: ServerState, id: string, client: ClientMetadata, problem?: string): Answer {
  const alert = problem === undefined ? '' : `<p role="alert">${html(problem)}</p>`
  const name = String(client.client_name ?? client.client_id)
  return pageAnswer(
    200,
    'Who are you?',
    `${alert}<form method="post" action="${html(`${mountOf(state)}/rqp_claims/${id}`)}">` +
      `<p>${html(name)} would like to know who you are.</p>` +
      `<p><label>Account <select name="login">${options(Object.keys(state.accounts))}</select></label></p>` +
      '<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>' +
      '<p><label><input name="share_name" type="checkbox" value="yes" checked> share my name</label></p>' +
      '<p><button name="action" value="share">Share</button> ' +
      '<button name="action" value="decline">Decline</button></p></form>',
  )
}

async function submit(state: ServerState, visits: Map<string, Visit>, id: string, request: Request): Promise<Answer> {
  const visit = visits.get(id)
  if (visit === undefined) return brokenLink('This page was used already.')
  const fields = await readForm(request)
  if (fields.get('action') === 'decline') {
    visits.delete(id)
    return visit.back({ error: 'access_denied', error_description: 'the person declined' })
  }
  const login = fields.get('login') ?? ''
  if (!Object.hasOwn(state.accounts, login)) return form(state, id, visit.client, 'There is no such account.')
  visits.delete(id)
  return finish(state, visit, login, fields.get('share_name') === 'yes')
}

async function finish(
  state: ServerState,
  { ticket, process, back }: Visit,
  account: string,
  sharesName: boolean,
): Promise<Answer> {
  return back({ ticket: await state.tickets.rotate(ticket, { ...process, account, sharesName }) })
}
