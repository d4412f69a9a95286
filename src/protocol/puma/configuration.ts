import { readObject } from '../http/read-object.ts'
import { type AuthorizationServerMetadata, checkMetadata } from '../oauth/metadata.ts'

/**
 * Reads the configuration of a draft -03 authorization manager, as SMARTAM published it, or says in a few words what is
 * wrong with the document. The endpoints of a requester get their later names: `token_endpoint`,
 * `authorization_endpoint`, `registration_endpoint`.
 *
 * @param insecure accepts endpoints over plain http
 */
export function readPumaConfiguration(
  text: string,
  issuer: string,
  slashTolerant = false,
  insecure = false,
): AuthorizationServerMetadata | string {
  const document = readObject(text) as AuthorizationServerMetadata | undefined
  if (!document) return 'not a JSON object'
  if (document.version !== '1.0' || !document.requester_token_endpoint) return 'not a configuration of UMA draft -03'
  Object.assign(document, {
    token_endpoint: document.requester_token_endpoint,
    authorization_endpoint: document.requester_user_endpoint,
    registration_endpoint: document.client_dynamic_registration_endpoint,
  })
  return checkMetadata(document, issuer, {
    tolerateTrailingSlash: slashTolerant,
    allowInsecureHttp: insecure,
    endpoints: ['token_endpoint', 'authorization_endpoint', 'permission_request_endpoint'],
  })
}
