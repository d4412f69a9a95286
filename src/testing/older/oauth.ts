/**
 * The OAuth 2.0 part of an authorization manager: sign-in page, code flow and refresh. The manager has no session: each
 * page asks who the person is.
 */
import { base64url } from 'jose'
import type { Answer } from '../wire/answer.ts'
import { random } from '../wire/random.ts'
import { basicCredentials, bearerToken, readForm } from '../wire/request.ts'
import { form, isRegistered, redirectTo } from './pages.ts'
import type { Aat, AatFacts, ManagerClient, ManagerState } from './types.ts'

interface Code extends AatFacts {
  redirectUri: string
  /** the PKCE challenge (RFC 7636) */
  challenge: string | null
}

export interface OAuthPart {
  /** GET shows the page, POST reads the person's choice. */
  authorize(request: Request): Promise<Answer>
  token(request: Request, fields: URLSearchParams): Promise<Answer>
  /** the AAT of a request; undefined if there is no valid one */
  aatOf(request: Request): Aat | undefined
  issueAat(facts: AatFacts): Aat
}

export function createOAuth(state: ManagerState): OAuthPart {
  const codes = new Map<string, Code>()
  return {
    authorize: (request) => authorize(state, codes, request),
    token: (request, fields) => answerToken(state, codes, request, fields),
    aatOf(request) {
      const aat = state.aats.get(bearerToken(request) ?? '')
      return aat && aat.expiresAt > state.clock.now() ? aat : undefined
    },
    issueAat: (facts) => issueAat(state, facts),
  }
}

/** The answer of an endpoint that needs an AAT and gets no valid one (UMA 1.0.1 §3.5.4). */
export const badAat: Answer = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  body: { error: 'invalid_token' },
}

function issueAat({ aats, clock, deviations }: ManagerState, facts: AatFacts): Aat {
  const aat = { ...facts, token: `aat-${random()}`, expiresAt: clock.now() + deviations.aatLifetimeMs }
  aats.set(aat.token, aat)
  return aat
}

async function authorize(state: ManagerState, codes: Map<string, Code>, request: Request): Promise<Answer> {
  const { deviations, clients, issuer } = state
  const query = new URL(request.url).searchParams
  const client = clients.get(query.get('client_id') ?? '')
  const redirectUri = query.get('redirect_uri') ?? ''
  if (client === undefined) return { status: 400, body: 'unknown client' }
  if (!isRegistered(client, redirectUri)) return { status: 400, body: 'redirect_uri is not registered' }
  const sent = query.get('state')
  const always = {
    ...(deviations.echoState && sent !== null ? { state: sent } : {}),
    ...(deviations.sendIss ? { iss: issuer } : {}),
  }
  const back = (parameters: Record<string, string>): Answer => redirectTo(redirectUri, { ...parameters, ...always })
  if (query.get('response_type') !== 'code') return back({ error: 'unsupported_response_type' })
  const challenge = query.get('code_challenge')
  const hasPkce = challenge !== null && query.get('code_challenge_method') === 'S256'
  if (deviations.requirePkce && !hasPkce) return back({ error: 'invalid_request' })
  if (request.method === 'GET') return form('Allow access', `${client.id} would like to act for you.`, state.accounts)

  const fields = await readForm(request)
  const party = fields.get('login') ?? ''
  const isAllowed = fields.get('action') === 'allow' && state.accounts.includes(party)
  if (!isAllowed) return back({ error: 'access_denied' })
  const code = `code-${random()}`
  const acr = query.get('acr_values')?.split(' ')[0] ?? deviations.defaultAcr
  codes.set(code, { clientId: client.id, redirectUri, party, scope: query.get('scope') ?? '', challenge, acr })
  return back({ code })
}

async function answerToken(
  state: ManagerState,
  codes: Map<string, Code>,
  request: Request,
  fields: URLSearchParams,
): Promise<Answer> {
  const client = authenticate(state, request, fields)
  if (!client) return refusal('invalid_client', 401)
  switch (fields.get('grant_type')) {
    case 'refresh_token':
      return answerRefresh(state, client, fields.get('refresh_token') ?? '')
    case 'authorization_code':
      return answerCode(state, codes, client, fields)
    default:
      return refusal('unsupported_grant_type')
  }
}

function authenticate({ clients }: ManagerState, request: Request, fields: URLSearchParams): ManagerClient | undefined {
  const inBody = { id: fields.get('client_id') ?? '', secret: fields.get('client_secret') ?? undefined }
  const { id, secret } = basicCredentials(request) ?? inBody
  const client = clients.get(id)
  return client?.secret === secret ? client : undefined
}

function answerRefresh(state: ManagerState, client: ManagerClient, token: string): Answer {
  const facts = state.refreshTokens.get(token)
  state.refreshTokens.delete(token)
  return facts?.clientId === client.id ? tokenAnswer(state, facts) : refusal('invalid_grant')
}

async function answerCode(
  state: ManagerState,
  codes: Map<string, Code>,
  client: ManagerClient,
  fields: URLSearchParams,
): Promise<Answer> {
  const code = codes.get(fields.get('code') ?? '')
  codes.delete(fields.get('code') ?? '')
  if (code?.clientId !== client.id || code.redirectUri !== fields.get('redirect_uri')) return refusal('invalid_grant')
  const { redirectUri: _, challenge, ...facts } = code
  const isProven = challenge === null || (await challengeOf(fields.get('code_verifier') ?? '')) === challenge
  return isProven ? tokenAnswer(state, facts) : refusal('invalid_grant')
}

/** RFC 7636 §4.2 */
const challengeOf = async (verifier: string): Promise<string> =>
  base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))

function tokenAnswer(state: ManagerState, facts: AatFacts): Answer {
  const { deviations, refreshTokens } = state
  const { token } = issueAat(state, facts)
  const refresh_token = `refresh-${random()}`
  if (deviations.issueRefreshToken) refreshTokens.set(refresh_token, facts)
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: token,
      token_type: deviations.tokenType,
      expires_in: Math.ceil(deviations.aatLifetimeMs / 1000),
      ...(deviations.issueRefreshToken ? { refresh_token } : {}),
    },
  }
}

const refusal = (error: string, status = 400): Answer => ({ status, body: { error } })
