/** Every way in which a simulated host of UMA before 2.0 can answer. */

export interface OlderHostDeviations {
  ticketIn: 'header' | 'body' | 'both'
  /** the status for a request without a token, or with an unknown one */
  tokenlessStatus: 400 | 401 | 403
  insufficientStatus: 401 | 403
  /** false: the draft, where a client asks for an RPT before there is a ticket */
  ticketAtFirst: boolean
  /** the parameters of the challenge are separated by spaces only */
  missingComma: boolean
  /** the challenge says `error="insufficient_scope"` */
  sayInsufficient: boolean
  /** an unknown token is answered with a challenge, or with a plain 401 */
  unknownToken: 'challenge' | 'plain-401'
  /** changes am_uri or as_uri */
  issuer?: (usual: string) => string
  hostId?: string
  /** changes the whole header */
  header?: (usual: string) => string | undefined
  /** the host cannot get a ticket: Warning 199 (UMA 1.0.1 §3.3.2) */
  unreachable: boolean
  /** HEAD is not protected */
  openHead: boolean
}

/** The usual answers of an era. */
export const olderHostAsSpecified = (era: 'puma' | '1.0' | '1.0.1'): OlderHostDeviations => ({
  ticketIn: era === '1.0' ? 'body' : 'header',
  tokenlessStatus: era === '1.0' ? 403 : 401,
  insufficientStatus: 403,
  ticketAtFirst: era !== 'puma',
  missingComma: false,
  sayInsufficient: era !== 'puma',
  unknownToken: 'challenge',
  unreachable: false,
  openHead: false,
})
