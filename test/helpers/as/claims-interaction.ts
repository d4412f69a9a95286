/** The claims interaction endpoint (/rqp_claims): a person logs in, agrees to share their name, and goes back with a rotated ticket. */
import type { IncomingMessage } from 'node:http'
import { type Answer, html, page, readBody } from '../http.ts'
import { random } from './keys.ts'
import type { State } from './state.ts'
import type { Process } from './tickets.ts'
import type { ClientMetadata } from './types.ts'

interface Interaction {
  ticket: string
  process: Process
  back: (parameters: Record<string, string>) => Answer
  clientId: string
}

export interface ClaimsInteraction {
  handle(req: IncomingMessage, url: URL): Promise<Answer>
}

const wrong = (why: string): Answer => ({
  status: 400,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: page('This link does not work', `<p>${html(why)}</p>`),
})

export function claimsInteraction(
  state: State,
  findClient: (id: string) => Promise<ClientMetadata | undefined>,
): ClaimsInteraction {
  const open = new Map<string, Interaction>()

  async function start(url: URL): Promise<Answer> {
    const once = (name: string): string | null =>
      url.searchParams.getAll(name).length === 1 ? url.searchParams.get(name) : null
    const client = await findClient(once('client_id') ?? '')
    if (client === undefined) return wrong('The client is not known here.')
    // simple string comparison with what was registered; may be left out only where exactly one was
    const registered = client.claims_redirect_uris ?? []
    const uri = once('claims_redirect_uri') ?? (registered.length === 1 ? registered[0] : undefined)
    if (uri === undefined || !registered.includes(uri)) return wrong('The claims redirection URI is not registered.')
    const state_ = once('state')
    const back = (parameters: Record<string, string>): Answer => {
      const query = new URLSearchParams({ ...parameters, ...(state_ === null ? {} : { state: state_ }) })
      return {
        status: 302,
        headers: {
          location: `${uri}${uri.includes('?') ? '&' : '?'}${query}`,
          'cache-control': 'no-store',
          'referrer-policy': 'no-referrer',
        },
      }
    }
    const ticket = once('ticket')
    if (ticket === null) return back({ error: 'invalid_request', error_description: 'no ticket' })
    const taken = state.tickets.take(ticket)
    if (!taken.ok) return back({ error: 'invalid_request', error_description: `the ticket is ${taken.why}` })
    const interaction: Interaction = { ticket, process: taken.process, back, clientId: client.client_id }
    const account = state.quirks.autoInteraction
    if (account !== undefined) return finish(interaction, account, true)
    const id = random()
    open.set(id, interaction)
    return form(id, client)
  }

  function form(id: string, client: ClientMetadata, problem = ''): Answer {
    const people = Object.keys(state.accounts).map((login) => `<option>${html(login)}</option>`)
    const body =
      `${problem && `<p role="alert">${html(problem)}</p>`}<form method="post" action="${html(`${new URL(state.base).pathname.replace(/\/$/, '')}/rqp_claims/${id}`)}">` +
      `<p>${html(String(client['client_name'] ?? client.client_id))} would like to know who you are.</p>` +
      `<p><label>Account <select name="login">${people.join('')}</select></label></p>` +
      '<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>' +
      '<p><label><input name="share_name" type="checkbox" value="yes" checked> share my name</label></p>' +
      '<p><button name="action" value="share">Share</button> <button name="action" value="decline">Decline</button></p></form>'
    return {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
      body: page('Who are you?', body),
    }
  }

  function finish({ ticket, process, back }: Interaction, account: string, sharesName: boolean): Answer {
    return back({ ticket: state.tickets.rotate(ticket, { ...process, account, sharesName }) })
  }

  async function submit(id: string, req: IncomingMessage): Promise<Answer> {
    const interaction = open.get(id)
    if (interaction === undefined) return wrong('This page was used already.')
    const fields = new URLSearchParams((await readBody(req)).toString())
    if (fields.get('action') === 'decline') {
      open.delete(id)
      return interaction.back({ error: 'access_denied', error_description: 'the person declined' })
    }
    const login = fields.get('login') ?? ''
    if (!Object.hasOwn(state.accounts, login)) {
      const client = await findClient(interaction.clientId)
      return client === undefined ? wrong('The client is gone.') : form(id, client, 'There is no such account.')
    }
    open.delete(id)
    return finish(interaction, login, fields.get('share_name') === 'yes')
  }

  return {
    async handle(req, url) {
      const id = url.pathname.split('/rqp_claims')[1]?.slice(1) ?? ''
      if (req.method === 'POST' && id !== '') return submit(id, req)
      if (req.method !== 'GET' || id !== '') return { status: 405, headers: { allow: 'GET, POST' } }
      return start(url)
    },
  }
}
