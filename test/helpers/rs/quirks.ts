/** Every way in which the test host can answer other than the specification says. */
import type { Answer } from '../http.ts'

export interface ChallengeFacts {
  realm: string
  asUri: string
  ticket: string
  /** the challenge as the style in force words it */
  usual: string | string[]
}

export interface RequestView {
  method: string
  /** without query */
  path: string
  /** with query */
  url: string
  headers: Record<string, string | string[] | undefined>
}

/** eoepca: all unquoted. ess, ess-mixed: several schemes in one header. axiam: Bearer and UMA as two headers. gatekeeper: no scheme. frdp: in a JSON body */
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

export interface HostQuirks {
  challengeStatus: 401 | 403
  challengeStyle: ChallengeStyle
  /** the WWW-Authenticate header(s), or a whole answer */
  challenge: ((facts: ChallengeFacts) => string | string[] | Answer) | undefined
  /** anonymous requests get 403 without a challenge (Keycloak) */
  onlyWithBearer: boolean
  /** how an unknown or expired RPT is answered, when not as if there was none */
  stale: { status: 400 | 401 | 403; challenge: boolean } | undefined
  /** 403 with Warning 199 whenever a ticket would be needed */
  asUnreachable: boolean
  /** Authorization headers longer than this are 431 */
  rptTooLong: number | undefined
  /** before anything else: where to send the request instead */
  redirect: ((request: RequestView) => string | { status: number; location: string } | undefined) | undefined
  delayMs: number
  /** true: GET and HEAD need `read`, others `write`. false: every request asks for both, and any permission for the resource opens it */
  methodScopes: boolean
  /** so many flows more until a resource opens: each RPT opens one step, and the next challenge asks for the next */
  requireExtraFlows: number | ((request: RequestView) => number)
  /** answer: answered before the body was read, then the connection is closed. silent: destroyed without an answer */
  closeEarly: 'answer' | 'silent' | undefined
  cors: boolean
  /** WWW-Authenticate and Warning are readable across origins */
  exposeHeaders: boolean
  /** changes any answer at last */
  answer: ((answer: Answer, request: RequestView) => Answer) | undefined
}

export function orderly(): HostQuirks {
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

/** Whether nothing is to be decided or worded other than the specification says. What changes answers afterwards is another matter. */
export function decidesAsSpecified(quirks: HostQuirks): boolean {
  const usual = orderly()
  const deciding = [
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
  ] as const
  return deciding.every((name) => quirks[name] === usual[name])
}
