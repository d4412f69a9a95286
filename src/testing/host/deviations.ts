/** Every way in which the simulated host can deviate from the specification. */
import type { Answer } from '../wire/answer.ts'

export interface ChallengeFacts {
  realm: string
  asUri: string
  ticket: string
  /** the header, or headers, of the style in force */
  usual: string | string[]
}

/** A request without its body. */
export interface RequestView {
  method: string
  /** without query */
  path: string
  /** path and query */
  url: string
  headers: Record<string, string | string[] | undefined>
}

/**
 * How the challenge is worded. eoepca: nothing is quoted. ess, ess-mixed: several schemes in one header. axiam: Bearer
 * and UMA as two headers. gatekeeper: no scheme. frdp: in a JSON body.
 */
export type ChallengeStyle =
  | 'spec'
  | 'keycloak'
  | 'gluu'
  | 'ess'
  | 'ess-mixed'
  | 'eoepca'
  | 'axiam'
  | 'gatekeeper'
  | 'frdp'

export interface HostDeviations {
  challengeStatus: 401 | 403
  challengeStyle: ChallengeStyle
  /** the `WWW-Authenticate` header or headers, or a whole answer */
  challenge: ((facts: ChallengeFacts) => string | string[] | Answer) | undefined
  /** a request without a token is answered with 403 and no challenge (Keycloak) */
  onlyWithBearer: boolean
  /** the answer for an unknown or expired RPT, if it differs from that for a request without a token */
  stale: { status: 400 | 401 | 403; challenge: boolean } | undefined
  /** 403 with Warning 199 whenever a ticket is needed */
  asUnreachable: boolean
  /** longer tokens are answered with 431 */
  rptTooLong: number | undefined
  /** where to send the request instead, before anything else */
  redirect: ((request: RequestView) => string | { status: number; location: string } | undefined) | undefined
  delayMs: number
  /**
   * true: GET and HEAD need the scope `read`, other methods `write`. false: a ticket asks for both, and any permission
   * for the resource is enough.
   */
  methodScopes: boolean
  /** so many more flows are needed: each RPT adds one step, and the next challenge asks for the next step */
  requireExtraFlows: number | ((request: RequestView) => number)
  /** answer: the host answers before it reads the body and closes the connection. silent: no answer at all */
  closeEarly: 'answer' | 'silent' | undefined
  cors: boolean
  /** a page of another origin can read `WWW-Authenticate` and `Warning` */
  exposeHeaders: boolean
  /** changes any answer before it is sent */
  answer: ((answer: Answer, request: RequestView) => Answer) | undefined
}

/** No deviation. */
export function hostAsSpecified(): HostDeviations {
  return {
    challengeStatus: 401,
    challengeStyle: 'spec',
    challenge: undefined,
    onlyWithBearer: false,
    stale: undefined,
    asUnreachable: false,
    rptTooLong: undefined,
    redirect: undefined,
    delayMs: 0,
    methodScopes: true,
    requireExtraFlows: 0,
    closeEarly: undefined,
    cors: true,
    exposeHeaders: true,
    answer: undefined,
  }
}

const DECISIVE: (keyof HostDeviations)[] = [
  'challengeStatus',
  'challengeStyle',
  'challenge',
  'onlyWithBearer',
  'stale',
  'asUnreachable',
  'rptTooLong',
  'methodScopes',
  'requireExtraFlows',
  'exposeHeaders',
]

/** True if each decision and each challenge is as specified. Deviations that change an answer afterwards do not count. */
export function decidesAsSpecified(deviations: HostDeviations): boolean {
  const usual = hostAsSpecified()
  return DECISIVE.every((name) => deviations[name] === usual[name])
}
