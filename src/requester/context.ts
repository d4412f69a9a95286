import type { FlowContext } from '../authorization-server/client-authentication.ts'
import type { Identity } from '../authorization-server/identity.ts'
import { type Connection, formOf, post, submit } from '../authorization-server/token-request.ts'
import { DiscoveryError } from '../errors.ts'
import { secureUrl } from '../protocol/secure-url.ts'
import { jwtExpiry, readTokenAnswer } from '../protocol/token-answer.ts'
import type { RoundContext } from '../schemes/scheme.ts'
import { identityOf } from './identities.ts'
import { nobodySignedIn } from './nobody-signed-in.ts'
import type { Services, Subject } from './services.ts'

/** What callers are handed during a flow, with the party's own tokens at hand. @param onToken is told which access token was asked for */
export function contextOf(
  services: Services,
  { party, authority, url }: Subject,
  signal: AbortSignal,
  onToken: (token: string) => void,
): FlowContext {
  const { issuer } = authority.server
  const own = async (not?: string): Promise<Identity> => {
    const identity = await identityOf(services, party, authority, not)
    if (!identity) throw nobodySignedIn(issuer)
    return identity
  }
  const ended = (token: string): boolean => (jwtExpiry(token) ?? Number.POSITIVE_INFINITY) * 1000 <= Date.now()
  const accessToken = async (): Promise<string> => {
    const { accessToken } = await own()
    onToken(accessToken)
    return accessToken
  }
  const idToken = async (): Promise<string | undefined> => {
    const { accessToken, idToken } = await own()
    if (!idToken || !ended(idToken)) return idToken
    const { idToken: fresh } = await own(accessToken)
    // A refresh need not bring a new one (OpenID Connect Core §12.2).
    if (fresh && ended(fresh)) throw nobodySignedIn(issuer)
    return fresh
  }
  // Not enumerable: what is logged or copied of a context is plain.
  return Object.defineProperties({ requestingParty: party.name, issuer, resource: url, signal } as FlowContext, {
    accessToken: { value: accessToken },
    idToken: { value: idToken },
  })
}

/** What a scheme is handed in a round. @param onSend is told before a request is sent; `accessToken`: gives the token that was asked for */
export function roundContext(
  connection: Connection & { context: FlowContext },
  { authority }: Subject,
  onSend: () => void,
  usedToken: () => string | undefined,
): RoundContext {
  const { caller, metadata, context } = connection
  const { server, scheme } = authority
  const { issuer } = server
  return {
    ...context,
    accessToken: context.accessToken,
    idToken: context.idToken,
    metadata,
    unchangedTicket: !!server.unchangedTicket,
    async requestToken(parameters) {
      const { status, text } = await post(connection, metadata.token_endpoint, parameters, onSend)
      // It was the party's token that was not accepted: the ticket was not looked at.
      if (status === 401 && usedToken()) throw nobodySignedIn(issuer)
      return readTokenAnswer(status, text)
    },
    async post(endpoint, { json, form = {}, headers, bearer }) {
      if (!secureUrl(endpoint, scheme.allowInsecureHttp))
        throw new DiscoveryError(`Metadata of ${issuer}: an endpoint is missing or not safe`, { issuer })
      const all = new Headers({ accept: 'application/json' })
      if (json !== undefined) all.set('content-type', 'application/json')
      if (bearer) all.set('authorization', `Bearer ${bearer}`)
      for (const name in headers) all.set(name, headers[name] as string)
      onSend()
      return submit(caller, issuer, endpoint, all, json === undefined ? formOf(form) : JSON.stringify(json))
    },
  }
}
