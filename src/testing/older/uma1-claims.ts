/** The claims endpoint of UMA 1.0 and 1.0.1 (UMA 1.0.1 §3.6.3), also in its security-enhanced form. */
import type { Answer } from '../wire/answer.ts'
import { readForm } from '../wire/request.ts'
import { form, isRegistered, redirectTo } from './pages.ts'
import { issueTicket, presentTicket } from './permissions.ts'
import type { ManagerState, ManagerTicket } from './types.ts'

export async function uma1Claims(state: ManagerState, request: Request): Promise<Answer> {
  const { deviations, clients, accounts, era } = state
  const query = new URL(request.url).searchParams
  const client = clients.get(query.get('client_id') ?? '')
  const uri = query.get(era === '1.0' ? 'redirect_uri' : 'claims_redirect_uri') ?? client?.redirectUris[0] ?? ''
  if (!client || !isRegistered(client, uri)) return { status: 400, body: 'client_id or redirect URI' }
  const echo = query.get('state')
  const back = (parameters: Record<string, string>): Answer => {
    const all = { ...parameters, ...(deviations.echoState && echo !== null ? { state: echo } : {}) }
    return redirectTo(uri, deviations.back?.(all) ?? all)
  }
  const ticket = presentTicket(state, query.get('ticket'))
  if (typeof ticket === 'string') return back({ error: 'invalid_request' })
  if (request.method === 'GET') return form('Who are you?', `${client.id} would like to know.`, accounts)

  const fields = await readForm(request)
  const isAllowed = fields.get('action') === 'allow'
  if (isAllowed) ticket.gathered = fields.get('login') ?? ''
  const usual = isAllowed ? 'claims_submitted' : 'not_authorized'
  return back(parametersBack(state, ticket, deviations.authorizationState ?? usual))
}

function parametersBack(
  state: ManagerState,
  ticket: ManagerTicket,
  authorization_state: string,
): Record<string, string> {
  if (!state.deviations.securityEnhanced) {
    return { authorization_state, ...(authorization_state === 'need_info' ? { ticket: ticket.id } : {}) }
  }
  ticket.revoked = true
  const next = issueTicket(state, ticket.permission)
  Object.assign(next, { claims: ticket.claims, gathered: ticket.gathered })
  return { authorization_state, ticket: next.id }
}
