import { RedirectError } from '../../errors/index.ts'
import type { RecordStore } from '../../parties/party.ts'
import { redirectUriKey } from '../../parties/record-keys.ts'
import type { Authority } from '../../trust/authority.ts'
import { isToldByIssuer } from '../../trust/redirect-uris.ts'
import type { Trust } from '../../trust/trust.ts'

/** The redirect URI of one redirect. */
export interface EffectiveRedirectUri {
  redirectUri: string | undefined
  /** The redirect handler brought the URI; otherwise it was configured. */
  broughtByHandler: boolean
  /** The handler chose the URI for this redirect alone, such as a free port. */
  unique: boolean
}

/**
 * Refuses a redirect URI that people also come back to from another server: a hostile server could otherwise make the
 * client bring another server's ticket or code to it (RFC 9700 §4.4). For configured URIs this was checked when the
 * requester was created; here are the URIs of handlers, and of servers that a function finds.
 *
 * @param lifetime how long a person may be away, in milliseconds
 * @throws RedirectError with `reason: 'shared_redirect_uri'`
 */
export async function refuseSharedRedirectUri(
  trust: Trust,
  records: RecordStore,
  authority: Authority,
  { redirectUri, broughtByHandler, unique }: EffectiveRedirectUri,
  lifetime: number,
): Promise<void> {
  if (redirectUri === undefined || unique || isToldByIssuer(authority.server, authority.scheme)) return
  const { issuer } = authority.server
  const others = trust.otherReturnServers(issuer)
  if (others && (!broughtByHandler || others.length === 0)) return
  const owner = others ? others[0] : await ownerOf(records, redirectUri, issuer, lifetime)
  if (owner === issuer) return
  throw new RedirectError(`${issuer} and ${owner} would share the redirect URI: give each server its own redirectUri`, {
    issuer,
    reason: 'shared_redirect_uri',
  })
}

/** The issuer that uses this redirect URI: the first one, as long as a person may still come back from there. */
async function ownerOf(records: RecordStore, redirectUri: string, issuer: string, lifetime: number): Promise<string> {
  const key = redirectUriKey(redirectUri)
  const [owner = '', until = ''] = ((await records.get(key)) || '').split(' ')
  if (owner !== '' && owner !== issuer && Number(until) > Date.now()) return owner
  await records.set(key, `${issuer} ${Date.now() + lifetime}`, lifetime)
  return issuer
}
