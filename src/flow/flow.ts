import type { TokenParameters } from '../authorization-server/token-request.ts'
import type { RequiredClaim } from '../errors/index.ts'
import type { SchemeState } from '../schemes/scheme.ts'
import type { Place } from '../wallet/place.ts'
import type { RptVersion } from '../wallet/rpt.ts'
import type { FlowOptions } from './options.ts'

/**
 * The state of a flow, which says what the flow is waiting for:
 * - `look`: a look into the wallet, under the lock
 * - `ask`: the answer of the authorization server, under the lock
 * - `send`: the answer of the host to the leader's request
 * - `claims`: a claim of the application
 * - `person`: a person who is at the authorization server for claims
 * - `sign-in`: a person who signs in
 * - `refresh`: a refresh of the party's own tokens
 * - `wait`: the time until the next poll
 * - `granted`, `failed`: the flow has ended
 */
export type FlowStateName =
  | 'look'
  | 'ask'
  | 'send'
  | 'claims'
  | 'person'
  | 'sign-in'
  | 'refresh'
  | 'wait'
  | 'granted'
  | 'failed'

/** The bounds of a flow, from the options of the requester. */
export interface FlowLimits {
  /** Rounds of claims and redirects. */
  rounds: number
  polls: number
  /** Seconds between two polls if the server names no interval. */
  pollInterval: number
  /** The least number of seconds between two polls. */
  minPollInterval: number
  /** Whether a person can be sent away at all. */
  redirect: boolean
  /** Claims go with the first token request. */
  pushClaims: boolean
}

/**
 * A flow: everything from the first use of a ticket to an RPT or a refusal. A flow is a value of plain JSON, so that it
 * can wait in storage while a person is away. It names an RPT by id and revision, never by token.
 */
export interface Flow {
  v: 2
  at: FlowStateName
  /** `'sign-in'`: an explicit sign-in, which no request waits for. Absent: the flow obtains an RPT. */
  goal?: 'sign-in' | undefined
  /** The number of the flow within its requester. */
  id: number
  issuer: string
  /** The id of the client at that issuer. */
  client: string
  party?: string | undefined
  place: Place
  /** The name of the scheme. */
  scheme: string
  /** The scheme's part; absent until the flow has taken a challenge to use. */
  state?: SchemeState | undefined
  scope?: string | undefined
  parameters?: TokenParameters | undefined
  interactive?: boolean | undefined
  /** The party's epoch that the flow belongs to. */
  epoch: number
  /** The redirect URI that a person was sent away with. */
  redirectUri?: string | undefined
  /** The claims that the server still requires. */
  requiredClaims: RequiredClaim[]
  /** Where the server wants a person to go for claims. */
  redirectUser?: string | undefined
  /** The authentication context classes that a sign-in must have. */
  acr?: string[] | undefined
  /** Where the flow goes on after a sign-in or a refresh. */
  resume: 'look' | 'claims'
  /** Left out of token requests, because the server refused them. */
  without: ('rpt' | 'pct')[]
  /** Digest of the claim that goes with the next token request. */
  claim?: string | undefined
  /** Digests of the claims that the server has looked at since the flow last started from a challenge. */
  claimsSent: string[]
  /** Whether claims are still to be asked for before the first token request. */
  pushClaims: boolean
  /** Whether the newest RPT of the host was tried for this place. */
  triedNewest: boolean
  /** Whether an RPT was issued before there was a ticket. */
  issued: boolean
  /** Whether the party's own tokens were refreshed after a refusal. */
  refreshed: boolean
  rounds: number
  polls: number
  recoveries: number
  /** When the flow ends at the latest, in milliseconds since 1970. */
  deadline: number
  limits: FlowLimits
  /** The RPT to upgrade, or the RPT that was granted. */
  rpt?: RptVersion | undefined
}

/** The bounds of a flow from the options of the requester. */
export function flowLimits({ maxRounds = 5, polling = {}, onRedirect }: FlowOptions, pushFirst: boolean): FlowLimits {
  return {
    rounds: maxRounds,
    polls: polling.max ?? 60,
    pollInterval: polling.interval ?? 5,
    minPollInterval: polling.minInterval ?? 1,
    redirect: onRedirect !== undefined,
    pushClaims: pushFirst,
  }
}

/** The facts that a new flow is made of. */
export type NewFlow = Pick<
  Flow,
  | 'id'
  | 'issuer'
  | 'client'
  | 'party'
  | 'place'
  | 'scheme'
  | 'scope'
  | 'parameters'
  | 'interactive'
  | 'epoch'
  | 'deadline'
  | 'limits'
> & { goal?: 'sign-in' }

/** A sign-in begins with a look at the tokens that the party has. */
function firstState({ goal, limits }: NewFlow): FlowStateName {
  if (goal === 'sign-in') return 'refresh'
  return limits.pushClaims ? 'claims' : 'look'
}

/** A flow that has not begun. If claims go with the first token request, the flow asks for them first. */
export function createFlow(facts: NewFlow): Flow {
  return {
    v: 2,
    at: firstState(facts),
    ...facts,
    requiredClaims: [],
    resume: 'look',
    without: [],
    claimsSent: [],
    pushClaims: facts.limits.pushClaims,
    triedNewest: false,
    issued: false,
    refreshed: false,
    rounds: 0,
    polls: 0,
    recoveries: 0,
  }
}
