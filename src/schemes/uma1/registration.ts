import { call } from '../../authorization-server/call.ts'
import { type ClientRegistration, registerClient } from '../../authorization-server/registration.ts'
import { DiscoveryError } from '../../errors/index.ts'
import { metadataUrls, readMetadata } from '../../protocol/oauth/metadata.ts'

/**
 * Registers a client by RFC 7591: at the server's own endpoint, or, if its configuration says `openid`, at the endpoint
 * that OpenID Connect discovery names (UMA 1.0.1 §1.4).
 *
 * @throws DiscoveryError, or the error of the registration
 */
export const registerUma1: ClientRegistration = async (caller, metadata, client) => {
  if (!metadata.openid_registration) return registerClient(caller, metadata, client)
  const { issuer } = metadata
  const [url] = metadataUrls(issuer, '/.well-known/openid-configuration')
  const { status, text } = await call(caller, issuer, url as string, { headers: { accept: 'application/json' } })
  const found = status === 200 ? readMetadata(text, issuer) : `status ${status}`
  const endpoint = typeof found === 'string' ? undefined : found.registration_endpoint
  if (!endpoint) {
    const fault = typeof found === 'string' ? found : 'no usable registration_endpoint'
    throw new DiscoveryError(`OpenID Connect metadata of ${issuer}: ${fault}`, { issuer })
  }
  return registerClient(caller, { ...metadata, registration_endpoint: endpoint }, client)
}
