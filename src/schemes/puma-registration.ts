import { call } from '../authorization-server/call.ts'
import type { ClientMetadata } from '../authorization-server/registration.ts'
import { TokenRequestError } from '../errors.ts'
import { readObject } from '../protocol/read-object.ts'
import type { PumaOptions } from './puma-options.ts'
import type { Scheme } from './scheme.ts'

/**
 * Registers in the form of the 2011 dynamic registration draft (checklist P-4).
 *
 * @throws TokenRequestError with the manager's own code, or `registration_failed`
 */
export function pumaRegistration({ registration = form }: PumaOptions): NonNullable<Scheme['register']> {
  return async (caller, { issuer, registration_endpoint: endpoint }, client) => {
    const fail = (what: string, code = 'registration_failed') =>
      new TokenRequestError(`${issuer} does not register this client: ${what}`, { code, issuer })
    if (!endpoint) throw fail('it has no endpoint for that')
    const { status, text } = await call(caller, issuer, endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(registration(client)),
    })
    const { client_id: id, client_secret: secret, expires_in: seconds, error } = readObject(text) ?? {}
    if (status >= 200 && status < 300 && typeof id === 'string' && id) {
      return {
        id,
        ...(typeof secret === 'string' && secret && { secret }),
        // Its token endpoint is of a time when a secret went into the body.
        method: secret ? 'client_secret_post' : 'none',
        ...(Number(seconds) > 0 && { expiresAt: Date.now() + Number(seconds) * 1000 }),
      }
    }
    throw fail(`status ${status}`, typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined)
  }
}

/** RFC 7591's names in the words of the draft. */
function form(client: ClientMetadata): Record<string, unknown> {
  const { client_name, client_uri, client_description, logo_uri, redirect_uris } = client as Record<string, unknown>
  const [redirect_url] = [redirect_uris ?? []].flat()
  return {
    type: 'push',
    client_name,
    client_url: client_uri,
    client_description: client_description ?? client_name,
    client_icon: logo_uri ?? '',
    redirect_url,
  }
}
