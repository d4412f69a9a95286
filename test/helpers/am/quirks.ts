/** Every way in which an authorization manager and its host can answer; where the documents leave it open, or the field differs. */
import type { Answer } from '../http.ts'
import type { Era } from './types.ts'

export interface AmQuirks {
  /** the configuration document, as it leaves */
  configuration?: (document: Record<string, unknown>) => unknown
  /** last word on any answer to a program */
  answer?: (usual: Answer, request: { method: string; path: string }) => Answer | undefined

  /** OAuth: send back the `state` that came (the seed's AM is not known to) */
  echoState: boolean
  /** OAuth: a code without a PKCE challenge is refused */
  requirePkce: boolean
  /** OAuth: send `iss` back with the code (RFC 9207) */
  sendIss: boolean
  aatLifetimeMs: number
  issueRefreshToken: boolean
  /** of an AAT; SMARTAM's configuration speaks of `artifact` */
  tokenType: string | undefined
  /** acr that an AAT gets when none is asked for */
  defaultAcr: string | undefined

  /** draft: where RPTs are issued (P-6 a or b) */
  issueAt: 'requester_token_endpoint' | 'rpt_endpoint'
  issueStatus: 200 | 201
  /** the member that carries an RPT */
  rptMember: 'rpt' | 'token'
  /** what a grant is answered with: the RPT, or nothing at all (P-11) */
  grant: 'rpt' | 'empty'
  /** the same string with more permissions, or a new one (U1-3.5.3-a) */
  grantedRpt: 'same' | 'new'
  grantStatus: 200 | 201 | 204
  /** draft: list of claims bare, or as a member (P-10) */
  claimsShape: 'array' | 'claims_requested'
  claimsStatus: 200 | 401 | 403
  /** draft: what a person comes back with: `x-oauth_…`, or `claim_status` of this value */
  claimStatus: string | undefined
  /** draft: back to the registered URL, whatever `redirect_uri` says */
  registeredReturn: boolean
  /** draft: a person is not sent anywhere where the policy grants */
  direct: boolean
  /** draft: errors in `application/uma-status+json` */
  statusErrors: boolean

  ticketLifetimeMs: number
  /** 1.x: `requesting_party_claims` as a list with one entry (OpenAM) */
  claimsAsArray: boolean
  /** 1.x: the ticket again, inside `requesting_party_claims` (deprecated in 1.0.1, demanded in 1.0) */
  ticketInClaims: boolean
  /** how a refusal is spelt */
  denial: 'not_authorized' | 'not_authorised' | 'not_authorized_permission'
  submittedStatus: 400 | 403 | 409
  /** 1.x: what a person comes back with, whatever happened */
  authorizationState: string | undefined
  /** 1.x: more, or other, parameters of the way back */
  back?: (parameters: Record<string, string>) => Record<string, string>
  /** claims-sec-1.0: tickets rotate at the claims endpoint (C.1.5) */
  securityEnhanced: boolean
}

export interface AmHostQuirks {
  ticketIn: 'header' | 'body' | 'both'
  /** without a token, or with one that is not known */
  tokenlessStatus: 400 | 401 | 403
  insufficientStatus: 401 | 403
  /** draft: an RPT is asked for before there is a ticket */
  ticketAtFirst: boolean
  /** W08, W09 */
  missingComma: boolean
  /** `error="insufficient_scope"` */
  sayInsufficient: boolean
  /** a token that is not known: challenged as none at all, or a plain 401 */
  unknownToken: 'challenge' | 'plain-401'
  /** am_uri or as_uri, as it is sent */
  issuer?: (usual: string) => string
  hostId?: string
  /** the whole header */
  header?: (usual: string) => string | undefined
  /** no ticket could be had: Warning 199 (U1-3.3.2-a) */
  unreachable: boolean
  /** HEAD is answered as if there were nothing to protect */
  openHead: boolean
}

export const amOrderly = (era: Era): AmQuirks => ({
  echoState: era !== 'puma',
  requirePkce: era !== 'puma',
  sendIss: false,
  aatLifetimeMs: 3_600_000,
  issueRefreshToken: true,
  tokenType: 'Bearer',
  defaultAcr: undefined,
  issueAt: 'requester_token_endpoint',
  issueStatus: 201,
  rptMember: era === 'puma' ? 'token' : 'rpt',
  grant: 'rpt',
  grantedRpt: era === 'puma' ? 'same' : 'new',
  grantStatus: era === 'puma' ? 201 : 200,
  claimsShape: 'array',
  claimsStatus: 200,
  claimStatus: undefined,
  registeredReturn: false,
  direct: false,
  statusErrors: true,
  ticketLifetimeMs: 300_000,
  claimsAsArray: false,
  ticketInClaims: era === '1.0',
  denial: era === 'puma' ? 'not_authorized_permission' : 'not_authorized',
  submittedStatus: 403,
  authorizationState: undefined,
  securityEnhanced: false,
})

export const amHostOrderly = (era: Era): AmHostQuirks => ({
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

/** OpenAM 13's UMA 1. */
export const openAm: Partial<AmQuirks> = { claimsAsArray: true, denial: 'not_authorised', ticketInClaims: false }
