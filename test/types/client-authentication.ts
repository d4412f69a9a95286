/** Compiled by tsc, never run: oauth4webapi's own client authentication fits as it is, and ours has a context. */
import * as oauth from 'oauth4webapi'
import {
  type AuthorizationServer,
  bearer,
  type ClientAuth,
  clientSecretBasic,
  clientSecretPost,
  none,
  privateKeyJwt,
} from '../../src/index.ts'

declare const key: CryptoKey

export const theirs: ClientAuth[] = [
  oauth.None(),
  oauth.ClientSecretBasic('s'),
  oauth.ClientSecretPost('s'),
  oauth.ClientSecretJwt('s'),
  oauth.PrivateKeyJwt(key),
  oauth.TlsClientAuth(),
]
export const ours: ClientAuth[] = [
  none(),
  clientSecretBasic('s'),
  clientSecretPost('s'),
  privateKeyJwt(key),
  privateKeyJwt({ key, kid: 'k' }),
  bearer(() => 'token'),
  bearer(async ({ requestingParty }) => requestingParty ?? ''),
]
export const own: ClientAuth = async (as, client, body, headers, context) => {
  const issuer: string = context.issuer
  const signal: AbortSignal = context.signal
  body.set('client_id', client.client_id)
  headers.set('x-issuer', as.issuer === issuer ? issuer : String(signal.aborted))
}
export const server: AuthorizationServer = {
  issuer: 'https://as.example.com',
  hosts: ['https://photos.example.com'],
  client: { id: 'spa', auth: oauth.None() },
}
export const declared: oauth.ClientAuth = oauth.None()
export const taken: ClientAuth = declared

// @ts-expect-error: a secret is no client authentication
export const secret: ClientAuth = 'secret'
