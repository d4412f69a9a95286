import { call } from '../../authorization-server/call.ts'
import type { ClientMetadata, ClientRegistration } from '../../authorization-server/registration.ts'
import { TokenRequestError } from '../../errors/index.ts'
import { readObject } from '../../protocol/http/read-object.ts'
import { isErrorCode } from '../../protocol/oauth/token-answer.ts'
import type { PumaOptions } from './options.ts'

/**
 * Registers a client in the form of the 2011 dynamic registration draft.
 *
 * @throws TokenRequestError with the manager's own code, or `registration_failed`
 */
export function pumaRegistration({ registration = draftForm }: PumaOptions): ClientRegistration {
  return async (caller, { issuer, registration_endpoint: endpoint }, client) => {
    const failed = (problem: string, code = 'registration_failed') =>
      new TokenRequestError(`${issuer} does not register this client: ${problem}`, { code, issuer })
    if (!endpoint) throw failed('it names no endpoint for registration')
    const { status, text } = await call(caller, issuer, endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(registration(client)),
    })
    const { client_id: id, client_secret: secret, expires_in: seconds, error } = readObject(text) ?? {}
    const registered = status >= 200 && status < 300 && typeof id === 'string' && id !== ''
    if (!registered) throw failed(`status ${status}`, isErrorCode(error) ? error : undefined)
    return {
      id,
      ...(typeof secret === 'string' && secret && { secret }),
      // These token endpoints date from a time when a secret was sent in the body.
      method: secret ? 'client_secret_post' : 'none',
      ...(Number(seconds) > 0 && { expiresAt: Date.now() + Number(seconds) * 1000 }),
    }
  }
}

/** Translates the names of RFC 7591 into the names of the draft. The draft requires a URL of the client. */
function draftForm(client: ClientMetadata): Record<string, unknown> {
  const { client_name, client_uri, client_description, logo_uri, redirect_uris } = client
  const redirectUrl: unknown = [redirect_uris ?? []].flat()[0]
  return {
    type: 'push',
    client_name,
    client_url: client_uri ?? originOf(redirectUrl),
    client_description: client_description ?? client_name,
    client_icon: logo_uri ?? '',
    redirect_url: redirectUrl,
  }
}

/** The origin of a web page; `undefined` for other URLs, such as those of an app on a phone. */
function originOf(url: unknown): string | undefined {
  const origin = URL.parse(String(url))?.origin
  return origin === 'null' ? undefined : origin
}
