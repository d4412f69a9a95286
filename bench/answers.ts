/** A host and its authorization server in a few lines: what they answer to a request. Any token is good. */

export const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU'

export interface CannedAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

const json = (status: number, body: object, headers: Record<string, string> = {}): CannedAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** @param origin where both are */
export function answerTo(origin: string, path: string, authorization: string | null | undefined): CannedAnswer {
  if (path === '/.well-known/uma2-configuration') {
    return json(200, {
      issuer: origin,
      token_endpoint: `${origin}/token`,
      authorization_endpoint: `${origin}/authorize`,
      jwks_uri: `${origin}/jwks`,
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:uma-ticket'],
    })
  }
  if (path === '/token') return json(200, { access_token: TOKEN, token_type: 'Bearer', expires_in: 86_400 })
  if (authorization) return json(200, { path, owner: 'alice' })
  return json(401, {}, { 'www-authenticate': `UMA realm="photos", as_uri="${origin}", ticket="a-ticket"` })
}
