/** Every way in which the test authorization server can leave the specification. All off (or as the specification has it) by default. */
import type { Answer } from '../http.ts'
import type { Permission } from './types.ts'

export interface AuthorizationServerQuirks {
  // lifetimes
  ticketLifetimeMs: number
  rptLifetimeMs: number
  pctLifetimeMs: number

  // the RPT
  rptFormat: 'opaque' | 'jwt'
  /** what an RPT sent along does. new: new string with old and new permissions, the old one revoked. same-string: as Gluu. never: ignored, as SolidLab.
   *  true-always: `upgraded: true` whatever was sent, as Gravitee */
  upgrade: 'new' | 'same-string' | 'never' | 'true-always'
  /** what becomes of a second upgrade of an RPT that was replaced already: its own permissions only, or refused as a bad rpt */
  supersededRpt: 'accept' | 'refuse'
  /** an RPT that cannot be upgraded (unknown, revoked, another client's) burns the ticket and is answered so */
  badRpt: 'invalid_grant-400' | 'invalid_rpt-403' | 'invalid_rpt-400' | 'ignore'
  omitExpiresIn: boolean
  /** stands in the answer instead of the true one */
  expiresIn: number | null | string | undefined
  tokenType: string
  /** every permission makes the RPT this many bytes longer (Keycloak, 431) */
  growRpt: number
  refreshTokens: boolean
  rotateRefresh: boolean

  // claims
  pctOff: boolean
  badPct: 'ignore' | 'invalid_pct-401'
  /** need_info repeats the ticket that was presented, which stays good (Gravitee); so does the claims redirect */
  sameTicket: boolean
  /** tickets are JWTs that may be presented any number of times (Keycloak) */
  statelessTickets: boolean
  needInfoWithoutError: boolean
  requiredClaimsShape: 'array' | 'object' | 'strings'
  redirectUserStyle: 'plain' | 'gluu'
  /** a first request without claim_token is refused with a generic invalid_grant (WSO2, SolidLab) */
  requireClaimsUpFront: boolean
  /** GET /rqp_claims redirects back at once as this account, without a page */
  autoInteraction: string | undefined

  // refusals
  denial: 'spec' | 'keycloak' | 'gluu' | 'gravitee' | 'wso2' | 'solidlab' | 'openam'
  submitted: 'spec' | 'keycloak' | 'openam'
  invalidTicket: 'spec' | 'keycloak' | 'gluu' | 'solidlab' | 'openam'
  /** UMA error answers carry a WWW-Authenticate header */
  wwwAuthenticateOnErrors: boolean | string
  /** content type of UMA error answers */
  contentType: string | undefined

  // the token endpoint
  /** changes the 200 answer: returns the JSON, a raw { status, headers, body }, or a string to be sent as it is */
  tokenAnswer: ((json: Record<string, unknown>) => unknown) | undefined
  /** changes any UMA error answer */
  errorAnswer: ((answer: Answer) => Answer) | undefined
  clientAuth: 'any' | 'bearer-only'
  /** the connection is destroyed before or after the request was worked on */
  crashOnToken: 'before' | 'after' | undefined

  // discovery and transport
  metadata: ((json: Record<string, unknown>) => Record<string, unknown> | Answer) | undefined
  /** only the RFC 8414 form answers: /.well-known/uma2-configuration/realms/photos */
  insertedMetadata: boolean
  issuerTrailingSlash: boolean
  cors: boolean
  delayMs: { discovery?: number; token?: number; permission?: number; introspection?: number }

  // the protection API
  /** permission endpoint: which JSON form it takes; the other one is 400 (single object) or 500 (array) */
  permissionForm: 'both' | 'array' | 'object'
  /** true: no ticket needed, 200 with an empty body (SolidLab) */
  publicResource: ((permissions: Permission[]) => boolean) | undefined
  /** solidlab-400: an unknown token is 400, and no exp or iat. keycloak: client credentials instead of a PAT, and rsid/scopes members */
  introspection: 'spec' | 'solidlab-400' | 'keycloak'
  /** a second PAT for a client revokes its first */
  onePatPerClient: boolean
  /** status of a PAT answer */
  patStatus: 200 | 201
}

export function specification(): AuthorizationServerQuirks {
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

/** Deployed products as bundles of quirks: `quirks: products.gluu`. Versions vary. */
export const products = {
  keycloak: {
    rptFormat: 'jwt',
    statelessTickets: true,
    denial: 'keycloak',
    submitted: 'keycloak',
    invalidTicket: 'keycloak',
    badRpt: 'invalid_rpt-403',
    pctOff: true,
    refreshTokens: true,
    introspection: 'keycloak',
  },
  gluu: {
    upgrade: 'same-string',
    omitExpiresIn: true,
    denial: 'gluu',
    invalidTicket: 'gluu',
    badRpt: 'invalid_rpt-400',
    badPct: 'invalid_pct-401',
    redirectUserStyle: 'gluu',
  },
  gravitee: { upgrade: 'true-always', sameTicket: true, denial: 'gravitee', badRpt: 'invalid_grant-400' },
  solidlab: {
    upgrade: 'never',
    rptFormat: 'jwt',
    omitExpiresIn: true,
    pctOff: true,
    refreshTokens: true,
    rotateRefresh: true,
    needInfoWithoutError: true,
    requiredClaimsShape: 'strings',
    denial: 'solidlab',
    invalidTicket: 'solidlab',
    permissionForm: 'array',
    introspection: 'solidlab-400',
    onePatPerClient: true,
    patStatus: 201,
  },
  wso2: { denial: 'wso2', requireClaimsUpFront: true },
  openam: { denial: 'openam', submitted: 'openam', invalidTicket: 'openam' },
} satisfies Record<string, Partial<AuthorizationServerQuirks>>
