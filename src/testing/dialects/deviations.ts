/** Every way in which the simulated authorization server can deviate from the specification. */
import type { Permission } from '../permission-api/types.ts'
import type { Answer } from '../wire/answer.ts'

export interface Deviations {
  // lifetimes
  ticketLifetimeMs: number
  rptLifetimeMs: number
  pctLifetimeMs: number

  // the RPT
  rptFormat: 'opaque' | 'jwt'
  /**
   * The effect of `rpt` in a token request. new: a new string with the old and the new permissions; the old RPT is
   * revoked. same-string: the RPT keeps its string (Gluu). never: `rpt` is ignored (SolidLab). true-always: as `new`,
   * and the answer says `upgraded: true` even if it was not (Gravitee).
   */
  upgrade: 'new' | 'same-string' | 'never' | 'true-always'
  /** The second upgrade of an RPT that is already replaced: adds to its own permissions only, or is refused as `badRpt`. */
  supersededRpt: 'accept' | 'refuse'
  /** The answer for an RPT that cannot be upgraded (unknown, revoked, another client's). The ticket is spent. */
  badRpt: 'invalid_grant-400' | 'invalid_rpt-403' | 'invalid_rpt-400' | 'ignore'
  omitExpiresIn: boolean
  /** this value instead of the true one */
  expiresIn: number | null | string | undefined
  tokenType: string
  /** bytes that each permission adds to the RPT (Keycloak answers 431 when the RPT is too long) */
  growRpt: number
  refreshTokens: boolean
  rotateRefresh: boolean

  // claims
  pctOff: boolean
  badPct: 'ignore' | 'invalid_pct-401'
  /** `need_info` and the claims redirect repeat the ticket, which can be used again (Gravitee) */
  sameTicket: boolean
  /** tickets are JWTs that can be used any number of times (Keycloak) */
  statelessTickets: boolean
  needInfoWithoutError: boolean
  /**
   * array: as specified. object: one object with nested arrays instead of a list. strings: members that the
   * specification defines as arrays are strings.
   */
  requiredClaimsShape: 'array' | 'object' | 'strings'
  redirectUserStyle: 'plain' | 'gluu'
  /** a first request without `claim_token` is refused with a generic `invalid_grant` (WSO2, SolidLab) */
  requireClaimsUpFront: boolean
  /** the claims interaction endpoint redirects back at once as this account, without a page */
  autoInteraction: string | undefined

  // refusals
  denial: 'spec' | 'keycloak' | 'gluu' | 'gravitee' | 'wso2' | 'solidlab' | 'openam'
  submitted: 'spec' | 'keycloak' | 'openam'
  invalidTicket: 'spec' | 'keycloak' | 'gluu' | 'solidlab' | 'openam'
  /** error answers of the UMA grant carry a `WWW-Authenticate` header: a usual one, or this text */
  wwwAuthenticateOnErrors: boolean | string
  /** content type of the error answers of the UMA grant */
  contentType: string | undefined

  // the token endpoint
  /** changes the 200 answer: returns other JSON, a whole `Answer`, or a text that is sent as it is */
  tokenAnswer: ((json: Record<string, unknown>) => unknown) | undefined
  /** changes any error answer of the UMA grant */
  errorAnswer: ((answer: Answer) => Answer) | undefined
  clientAuth: 'any' | 'bearer-only'
  /** the connection is lost before or after the request was worked on */
  crashOnToken: 'before' | 'after' | undefined

  // discovery and transport
  metadata: ((json: Record<string, unknown>) => Record<string, unknown> | Answer) | undefined
  /** the document is only at /.well-known/uma2-configuration/realms/photos (RFC 8414 §3.1) */
  insertedMetadata: boolean
  issuerTrailingSlash: boolean
  cors: boolean
  /** milliseconds that each endpoint waits before it works on a request */
  delayMs: { discovery?: number; token?: number; permission?: number; introspection?: number }

  // the permission API
  /** the only JSON form that the permission endpoint takes; it answers the other form with 400 (object) or 500 (array) */
  permissionForm: 'both' | 'array' | 'object'
  /** true: no ticket is needed; the answer is 200 with an empty body (SolidLab) */
  publicResource: ((permissions: Permission[]) => boolean) | undefined
  /**
   * solidlab-400: an unknown token is answered with 400; `exp` and `iat` are left out. keycloak: client credentials
   * instead of a PAT; more members in each permission.
   */
  introspection: 'spec' | 'solidlab-400' | 'keycloak'
  /** a second PAT of a client revokes its first */
  onePatPerClient: boolean
  /** status of the answer that contains a PAT */
  patStatus: 200 | 201
}

/** No deviation. */
export function asSpecified(): Deviations {
  return {
    ticketLifetimeMs: 300_000,
    rptLifetimeMs: 3_600_000,
    pctLifetimeMs: 86_400_000,
    rptFormat: 'opaque',
    upgrade: 'new',
    supersededRpt: 'accept',
    badRpt: 'invalid_grant-400',
    omitExpiresIn: false,
    expiresIn: undefined,
    tokenType: 'Bearer',
    growRpt: 0,
    refreshTokens: false,
    rotateRefresh: false,
    pctOff: false,
    badPct: 'ignore',
    sameTicket: false,
    statelessTickets: false,
    needInfoWithoutError: false,
    requiredClaimsShape: 'array',
    redirectUserStyle: 'plain',
    requireClaimsUpFront: false,
    autoInteraction: undefined,
    denial: 'spec',
    submitted: 'spec',
    invalidTicket: 'spec',
    wwwAuthenticateOnErrors: false,
    contentType: undefined,
    tokenAnswer: undefined,
    errorAnswer: undefined,
    clientAuth: 'any',
    crashOnToken: undefined,
    metadata: undefined,
    insertedMetadata: false,
    issuerTrailingSlash: false,
    cors: true,
    delayMs: {},
    permissionForm: 'both',
    publicResource: undefined,
    introspection: 'spec',
    onePatPerClient: false,
    patStatus: 200,
  }
}
