/**
 * Every way in which a simulated authorization manager can answer, where the specifications leave it open or where
 * deployed servers differ.
 */
import type { Answer } from '../wire/answer.ts'

export interface ManagerDeviations {
  /** changes the configuration document before it is sent */
  configuration?: (document: Record<string, unknown>) => unknown
  /** changes any answer before it is sent */
  answer?: (usual: Answer, request: { method: string; path: string }) => Answer | undefined

  /** OAuth: the `state` of the request is sent back */
  echoState: boolean
  /** OAuth: a code request without a PKCE challenge is refused */
  requirePkce: boolean
  /** OAuth: `iss` is sent back with the code (RFC 9207) */
  sendIss: boolean
  aatLifetimeMs: number
  issueRefreshToken: boolean
  /** the `token_type` of an AAT; the configuration of SMARTAM speaks of `artifact` */
  tokenType: string | undefined
  /** the acr of an AAT if the request asks for none */
  defaultAcr: string | undefined

  /** draft: the endpoint that issues RPTs */
  issueAt: 'requester_token_endpoint' | 'rpt_endpoint'
  issueStatus: 200 | 201
  /** the member that contains an RPT */
  rptMember: 'rpt' | 'token'
  /** draft: the body of the answer that grants access: the RPT, or nothing */
  grant: 'rpt' | 'empty'
  /** the same string with more permissions, or a new string (UMA 1.0.1 §3.5.3) */
  grantedRpt: 'same' | 'new'
  grantStatus: 200 | 201 | 204
  /** draft: the list of claims alone, or as a member */
  claimsShape: 'array' | 'claims_requested'
  claimsStatus: 200 | 401 | 403
  /** draft: a person returns with `x-oauth_…`, or with `claim_status` of this value */
  claimStatus: string | undefined
  /** draft: a person returns to the registered URL, also if `redirect_uri` names another one */
  registeredReturn: boolean
  /** draft: no person is sent anywhere if the policy grants */
  direct: boolean
  /** draft: errors have the content type `application/uma-status+json` */
  statusErrors: boolean

  ticketLifetimeMs: number
  /** 1.x: `requesting_party_claims` is a list with one entry (OpenAM) */
  claimsAsArray: boolean
  /** 1.x: `requesting_party_claims` contains the ticket (required in 1.0, deprecated in 1.0.1) */
  ticketInClaims: boolean
  /** how a refusal is spelt */
  denial: 'not_authorized' | 'not_authorised' | 'not_authorized_permission'
  submittedStatus: 400 | 403 | 409
  /** 1.x: the `authorization_state` that a person returns with in any case */
  authorizationState: string | undefined
  /** 1.x: changes the parameters that a person returns with */
  back?: (parameters: Record<string, string>) => Record<string, string>
  /** the claims endpoint issues a new ticket (security-enhanced claims endpoint of 1.0) */
  securityEnhanced: boolean
}

/** OpenAM 13's UMA 1. */
export const openAm: Partial<ManagerDeviations> = {
  claimsAsArray: true,
  denial: 'not_authorised',
  ticketInClaims: false,
}

/** The usual answers of an era. */
export function managerAsSpecified(era: 'puma' | '1.0' | '1.0.1'): ManagerDeviations {
  const isPuma = era === 'puma'
  return {
    echoState: !isPuma,
    requirePkce: !isPuma,
    sendIss: false,
    aatLifetimeMs: 3_600_000,
    issueRefreshToken: true,
    tokenType: 'Bearer',
    defaultAcr: undefined,
    issueAt: 'requester_token_endpoint',
    issueStatus: 201,
    rptMember: isPuma ? 'token' : 'rpt',
    grant: 'rpt',
    grantedRpt: isPuma ? 'same' : 'new',
    grantStatus: isPuma ? 201 : 200,
    claimsShape: 'array',
    claimsStatus: 200,
    claimStatus: undefined,
    registeredReturn: false,
    direct: false,
    statusErrors: true,
    ticketLifetimeMs: 300_000,
    claimsAsArray: false,
    ticketInClaims: era === '1.0',
    denial: isPuma ? 'not_authorized_permission' : 'not_authorized',
    submittedStatus: 403,
    authorizationState: undefined,
    securityEnhanced: false,
  }
}
