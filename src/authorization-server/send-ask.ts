import { DiscoveryError, NobodySignedInError } from '../errors/index.ts'
import { endpointUrl } from '../protocol/http/endpoint-url.ts'
import { type DescribedAnswer, describeAnswer } from './sent-secrets.ts'
import { type Connection, formOf, type SendOptions, submit, type TokenParameters } from './token-request.ts'

/** A request that a scheme describes; see `AskStep` of the schemes. */
export interface Ask {
  /** An absolute URL. It must be https, or http on this machine. */
  endpoint: string
  /** Who authenticates: the client (RFC 6749 §2.3), the requesting party by its own access token, or nobody. */
  by: 'client' | 'party' | 'nobody'
  /** The form to send. */
  form?: TokenParameters | undefined
  /** The JSON to send, instead of a form. */
  json?: unknown
  /** Further headers, set over `accept` and `content-type`. */
  headers?: Record<string, string> | undefined
}

/** How an ask is sent. */
export interface AskOptions extends SendOptions {
  /** The requesting party's own access token, for an ask `by: 'party'`. */
  bearer?: string | undefined
  /** Also allows plain http, for schemes that need it. @default false: https, or http on this machine */
  allowInsecureHttp?: boolean | undefined
}

/**
 * Sends the request that a scheme asks for: one POST with a form or JSON. It is sent once, is never aborted, and
 * follows no redirects.
 *
 * @throws DiscoveryError if the endpoint is missing or not safe; NobodySignedInError if the party has no access token;
 * TokenRequestError (`token_request_failed`) after a network fault; UmaTimeoutError; the error of the client
 * authentication
 */
export async function sendAsk(connection: Connection, ask: Ask, options: AskOptions = {}): Promise<DescribedAnswer> {
  const { caller, metadata } = connection
  const { issuer } = metadata
  const { allowInsecureHttp = false, extraHeaders = {}, onSend } = options
  if (!endpointUrl(ask.endpoint, issuer, allowInsecureHttp)) {
    throw new DiscoveryError(`Metadata of ${issuer}: an endpoint is missing or not safe`, { issuer })
  }
  const headers = new Headers({ accept: 'application/json' })
  if (ask.json !== undefined) headers.set('content-type', 'application/json')
  setAll(headers, ask.headers ?? {})
  const body = await authenticate(connection, ask, headers, options.bearer)
  setAll(headers, extraHeaders)
  onSend?.()
  const sent = body instanceof URLSearchParams ? body : JSON.stringify(body)
  const answer = await submit(caller, issuer, ask.endpoint, headers, sent)
  return describeAnswer(answer, body, headers)
}

/** Authenticates the request. Returns its body: the form, or the value to send as JSON. */
async function authenticate(
  { client, metadata, context }: Connection,
  { by, form = {}, json }: Ask,
  headers: Headers,
  bearer: string | undefined,
): Promise<unknown> {
  const body = formOf(json === undefined ? form : {})
  if (by === 'party') {
    if (!bearer) throw new NobodySignedInError(metadata.issuer)
    headers.set('authorization', `Bearer ${bearer}`)
  }
  if (by === 'client') {
    await client.auth(metadata as never, { client_id: client.id }, body, headers, context)
  }
  return json === undefined ? body : withParameters(json, body)
}

/** JSON with the parameters that client authentication has set: `client_id`, `client_secret`, an assertion. */
function withParameters(json: unknown, parameters: URLSearchParams): unknown {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  return isObject ? { ...json, ...Object.fromEntries(parameters) } : json
}

function setAll(headers: Headers, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) headers.set(name, value)
}
