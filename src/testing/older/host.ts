/** A simulated host of UMA before 2.0: it reads and writes any path, each protected for its owner. */
import { type Answer, toResponse } from '../wire/answer.ts'
import { bearerToken } from '../wire/request.ts'
import { type OlderHostDeviations, olderHostAsSpecified } from './host-deviations.ts'
import { issueTicket, opens } from './permissions.ts'
import { type HostPermission, type ManagerState, ownerOf } from './types.ts'

export interface OlderHostOptions {
  manager: { readonly state: ManagerState }
  /** the name by which the manager knows the host */
  id: string
  /** @default 'Puma Host One' */
  realm?: string
  deviations?: Partial<OlderHostDeviations>
}

export interface OlderHost {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>
  /** may be changed at any time */
  readonly deviations: OlderHostDeviations
  /** accepted writes */
  readonly written: { path: string; body: string }[]
}

export function createOlderHost(options: OlderHostOptions): OlderHost {
  const { manager, id, realm = 'Puma Host One' } = options
  const { state } = manager
  const deviations: OlderHostDeviations = { ...olderHostAsSpecified(state.era), ...options.deviations }
  const facts: HostFacts = { state, id, realm, deviations, written: [] }
  return {
    fetch: async (request) => toResponse(await answerAnyError(facts, request)),
    deviations,
    written: facts.written,
  }
}

interface HostFacts {
  state: ManagerState
  id: string
  realm: string
  deviations: OlderHostDeviations
  written: OlderHost['written']
}

async function answerAnyError(facts: HostFacts, request: Request): Promise<Answer> {
  try {
    const given = await answer(facts, request)
    return request.method === 'HEAD' ? { ...given, body: undefined } : given
  } catch (error) {
    return { status: 500, body: String(error) }
  }
}

async function answer(facts: HostFacts, request: Request): Promise<Answer> {
  const { deviations, id, written } = facts
  const { pathname: path } = new URL(request.url)
  const { method } = request
  const body = await request.text()
  const reads = method === 'GET' || method === 'HEAD'
  const isPublic = path.startsWith('/public/') || (method === 'HEAD' && deviations.openHead)
  const wanted: HostPermission = { host: id, path, scope: reads ? 'read' : 'write' }
  const refusal = isPublic ? undefined : refusalOf(facts, bearerToken(request), wanted)
  if (refusal) return refusal
  if (reads) return { status: 200, body: { path, owner: ownerOf(path) } }
  written.push({ path, body })
  return { status: 200, body: { received: body } }
}

/** undefined: let the request through */
function refusalOf(facts: HostFacts, token: string | undefined, wanted: HostPermission): Answer | undefined {
  if (token === undefined) return challenge(facts, wanted, false)
  const isEnough = opens(facts.state, token, wanted)
  if (isEnough) return undefined
  const isUnknown = isEnough === undefined
  if (isUnknown && facts.deviations.unknownToken === 'plain-401') return { status: 401 }
  return challenge(facts, wanted, !isUnknown)
}

/** @param insufficient the token is known and lacks the permission */
function challenge(facts: HostFacts, wanted: HostPermission, insufficient: boolean): Answer {
  const { deviations, state } = facts
  if (deviations.unreachable) {
    return { status: 403, headers: { warning: '199 - "UMA Authorization Server Unreachable"' } }
  }
  const ticket = insufficient || deviations.ticketAtFirst ? issueTicket(state, wanted).id : undefined
  const usual = challengeHeader(facts, insufficient, deviations.ticketIn === 'body' ? undefined : ticket)
  const header = deviations.header ? deviations.header(usual) : usual
  return {
    status: insufficient ? deviations.insufficientStatus : deviations.tokenlessStatus,
    headers: header === undefined ? {} : { 'www-authenticate': header },
    ...(ticket !== undefined && deviations.ticketIn !== 'header' ? { body: { ticket } } : {}),
  }
}

function challengeHeader(facts: HostFacts, insufficient: boolean, ticket: string | undefined): string {
  const { deviations, state, realm, id } = facts
  const isPuma = state.era === 'puma'
  const issuer = deviations.issuer?.(state.issuer) ?? state.issuer
  const parameters = [
    `realm="${realm}"`,
    ...(isPuma ? [`host_id="${deviations.hostId ?? id}"`] : []),
    `${isPuma ? 'am_uri' : 'as_uri'}="${issuer}"`,
    ...(insufficient && deviations.sayInsufficient ? ['error="insufficient_scope"'] : []),
    ...(ticket === undefined ? [] : [`ticket="${ticket}"`]),
  ]
  return `UMA ${parameters.join(deviations.missingComma ? ' ' : ', ')}`
}
