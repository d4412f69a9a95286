import { readObject } from '../protocol/http/read-object.ts'
import { authenticationOf } from '../protocol/oauth/client-refused.ts'
import { cleanDescription } from '../protocol/oauth/error-description.ts'
import type { CallAnswer } from './call.ts'

/** The body of a request: a form, or the value that was sent as JSON. */
export type SentBody = unknown

/** An answer, with the server's `error_description` cleaned of the secrets that the request carried. */
export interface DescribedAnswer extends CallAnswer {
  /** At most 200 characters of RFC 6749 §5.2; undefined if the server sent no description. Safe to show. */
  description?: string | undefined
  /** How the client authenticated, if the server refused the request. */
  authentication?: string
}

/** Parameters and members that are public. The value of every other one counts as a secret. */
const publicNames = new Set([
  ...['grant_type', 'response_type', 'scope', 'client_id', 'redirect_uri', 'audience', 'resource', 'permission'],
  ...['token_type_hint', 'claim_token_format', 'client_assertion_type', 'requested_token_type', 'subject_token_type'],
  ...['submit_request', 'response_mode', 'code_challenge_method', 'acr_values', 'prompt', 'ui_locales'],
  // RFC 7591 §2, UMA Grant §2, and the dynamic registration draft of 2011.
  ...['redirect_uris', 'claims_redirect_uris', 'token_endpoint_auth_method', 'grant_types', 'response_types'],
  ...['client_name', 'client_uri', 'logo_uri', 'contacts', 'tos_uri', 'policy_uri', 'jwks_uri', 'software_id'],
  ...['software_version', 'application_type', 'subject_type', 'post_logout_redirect_uris', 'type', 'client_url'],
  ...['client_description', 'client_icon', 'redirect_url', 'resource_id', 'resource_scopes', 'resource_scope_id'],
])

/** Headers without secrets. */
const publicHeaders = /^(accept|accept-language|content-type|content-length|if-match|user-agent)$/

/**
 * The secrets that a request carried: values of the body, and credentials of its headers, also as they read before they
 * were encoded for HTTP Basic authentication (RFC 7617, RFC 6749 §2.3.1).
 *
 * @param body the form or the JSON value that was sent
 * @param headers the headers that were sent
 */
export function secretsOf(body: SentBody, headers: Headers): string[] {
  const inBody = body instanceof URLSearchParams ? formSecrets(body) : jsonSecrets(body)
  const inHeaders = [...headers].filter(([name]) => !publicHeaders.test(name))
  const secrets = [...inBody, ...inHeaders.flatMap(([, value]) => headerSecrets(value))]
  return [...new Set(secrets)].filter((secret) => secret !== '')
}

/** Adds the server's `error_description` to an answer, cleaned of the secrets of its request. */
export function describeAnswer(answer: CallAnswer, body: SentBody, headers: Headers): DescribedAnswer {
  if (answer.status < 400) return answer
  const authentication = authenticationOf(body, headers)
  const text = readObject(answer.text)?.error_description
  if (typeof text !== 'string') return { ...answer, authentication }
  return { ...answer, authentication, description: cleanDescription(text, secretsOf(body, headers)) }
}

const formSecrets = (form: URLSearchParams): string[] =>
  [...form].filter(([name]) => !publicNames.has(name)).map(([, value]) => value)

function jsonSecrets(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(jsonSecrets)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => (publicNames.has(name) ? [] : jsonSecrets(member)))
}

/** The whole value, its credentials without the scheme, quoted parameters, and the decoded credentials of Basic. */
function headerSecrets(value: string): string[] {
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(.*)$/.exec(value) ?? []
  // The parameters of an OAuth 1.0a header are percent-encoded (RFC 5849 §3.5.1).
  const quoted = [...credentials.matchAll(/"([^"]+)"/g)].flatMap(([, text = '']) => [text, percentDecode(text)])
  const basic = /^basic$/i.test(scheme) ? basicSecrets(credentials) : []
  return [value, credentials, ...quoted, ...basic]
}

function basicSecrets(credentials: string): string[] {
  const decoded = decodeBase64(credentials)
  const colon = decoded.indexOf(':')
  if (colon < 0) return [decoded]
  const password = decoded.slice(colon + 1)
  const plain = new URLSearchParams(`value=${password.replaceAll('&', '%26')}`).get('value') ?? ''
  return [decoded, password, plain]
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function decodeBase64(text: string): string {
  try {
    return atob(text)
  } catch {
    // Credentials that are not base64 are covered as they are.
    return ''
  }
}
