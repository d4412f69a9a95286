/** The page of the draft of 2012 where a person shows who they are. */
import type { Answer } from '../wire/answer.ts'
import { random } from '../wire/random.ts'
import { readForm } from '../wire/request.ts'
import { form, isRegistered, redirectTo } from './pages.ts'
import { decide, grant } from './permissions.ts'
import type { Aat, ManagerRpt, ManagerState, ManagerTicket } from './types.ts'

/** A person who is sent to the page. */
export interface PumaVisit {
  ticket: ManagerTicket
  rpt: ManagerRpt
  aat: Aat
}

export async function pumaClaims(
  state: ManagerState,
  visits: Map<string, PumaVisit>,
  request: Request,
): Promise<Answer> {
  const query = new URL(request.url).searchParams
  const session = query.get('session') ?? ''
  const visit = visits.get(session)
  const client = state.clients.get(visit?.aat.clientId ?? '')
  if (!visit || !client) return { status: 400, body: 'this page was used already' }
  if (request.method === 'GET') return form('Who are you?', `${client.id} asks for access.`, state.accounts)
  visits.delete(session)
  const fields = await readForm(request)
  const uri = returnUri(state, client, query.get('redirect_uri'))
  return redirectTo(uri, parametersBack(state, visit, fields, query.get('state')))
}

function returnUri(
  { deviations }: ManagerState,
  client: Parameters<typeof isRegistered>[0],
  asked: string | null,
): string {
  const isUsable = asked !== null && !deviations.registeredReturn && isRegistered(client, asked)
  return isUsable ? asked : (client.redirectUris[0] ?? '')
}

function parametersBack(
  state: ManagerState,
  visit: PumaVisit,
  fields: URLSearchParams,
  echo: string | null,
): Record<string, string> {
  const { claimStatus, echoState } = state.deviations
  const outcome = outcomeOf(state, visit, fields)
  const given = claimStatus === undefined ? outcome : { claim_status: claimStatus }
  return { ...given, ...(echoState && echo !== null ? { state: echo } : {}) }
}

function outcomeOf(
  state: ManagerState,
  { ticket, rpt, aat }: PumaVisit,
  fields: URLSearchParams,
): Record<string, string> {
  // The client acts for one person. Another person at the page cannot answer for that person.
  const isThatPerson = fields.get('action') === 'allow' && fields.get('login') === aat.party
  if (!isThatPerson) return { error: 'access_denied' }
  if (decide(state, ticket, aat) !== 'grant') return { 'x-oauth_access_req': random(6) }
  grant(state, rpt, aat, ticket)
  return { 'x-oauth_access_granted': random(6) }
}
