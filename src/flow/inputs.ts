import type { RequiredClaim } from '../errors/index.ts'
import type { SchemeState } from '../schemes/scheme.ts'
import type { RptVersion } from '../wallet/rpt.ts'

/**
 * An input of a flow: the outcome of the effect that the flow waited for. `error` is legal wherever a flow waits; the
 * interpreter keeps the error object.
 */
export type FlowInput =
  // The look into the wallet.
  /** Another flow has obtained an RPT that opens this place. */
  | { kind: 'held'; rpt: RptVersion }
  /** The newest RPT of the host may open this place. */
  | { kind: 'worth-trying'; rpt: RptVersion }
  /** There is nothing to try: use the ticket. */
  | { kind: 'nothing-held'; epoch: number; upgrade?: RptVersion | undefined }
  // The answer of the authorization server, as the scheme reads it.
  | { kind: 'granted'; rpt: RptVersion }
  | {
      kind: 'claims'
      state: SchemeState
      requiredClaims: RequiredClaim[]
      redirectUser?: string | undefined
    }
  | { kind: 'wait'; state: SchemeState; seconds: number | undefined }
  | { kind: 'again'; without: ('rpt' | 'pct')[]; rpt?: RptVersion | undefined; canSend: boolean }
  | { kind: 'issued'; rpt: RptVersion; canSend: boolean }
  /** The server demands a sign-in. */
  | { kind: 'sign-in'; state: SchemeState; acr?: string[] | undefined }
  /** The party's own access token was refused. The ticket was not looked at. */
  | { kind: 'token-refused' }
  /** Nobody is signed in. Nothing was sent. */
  | { kind: 'nobody-signed-in' }
  | { kind: 'denied' }
  /** The party was signed out meanwhile. */
  | { kind: 'signed-out' }
  // The answer of the host to the leader's request.
  | { kind: 'challenged' }
  /** The host answered without a challenge of this flow's server. */
  | { kind: 'settled' }
  /** The leader aborted, failed or could not send its body again. `next`: another participant leads now. */
  | { kind: 'lost'; next: boolean }
  // The application's claims.
  /** `digest` tells the claim from others without revealing it. */
  | { kind: 'claim'; digest: string }
  | { kind: 'no-claim' }
  // A person.
  | { kind: 'returned'; state: SchemeState }
  | { kind: 'signed-in' }
  /** Another interaction with this person was under way, and is over now. */
  | { kind: 'waited' }
  /** The person may not, or cannot, be sent away. */
  | { kind: 'not-interactive' }
  /** The person was sent away too often for this place. */
  | { kind: 'redirect-loop' }
  // Time and tokens.
  | { kind: 'elapsed' }
  | { kind: 'refreshed' }
  | { kind: 'not-refreshed' }
  // Any effect.
  | { kind: 'error' }

export type FlowInputKind = FlowInput['kind']

/** An effect that a transition asks the interpreter to perform. */
export type FlowEffect =
  | { kind: 'look' }
  | { kind: 'ask' }
  | { kind: 'supply-claim' }
  | { kind: 'redirect-person' }
  | { kind: 'sign-in' }
  | { kind: 'refresh' }
  | { kind: 'wait'; seconds: number }

/** Why a flow failed. `thrown`: the interpreter holds the error. */
export type FlowFailure =
  | 'thrown'
  | 'claims-missing'
  | 'claims-insufficient'
  | 'rounds-used-up'
  | 'sign-in-insufficient'
  | 'polls-used-up'
  | 'token-refused'
  | 'not-interactive'
  | 'redirect-loop'
  | 'signed-out'

/** The directive of a flow: what its requests do next. */
export type FlowDirective =
  /**
   * The leader sends its request again, with this RPT or none, and reports the answer. The flow waits for the report.
   */
  | { kind: 'resend'; rpt?: RptVersion | undefined; reason: 'held' | 'granted' | 'fresh-ticket'; report: true }
  /** All requests send again with this RPT. The flow has ended. */
  | { kind: 'resend'; rpt: RptVersion; reason: 'granted'; report: false }
  | { kind: 'fail'; failure: FlowFailure }
  /** The flow has ended without an RPT. Its leader has an answer; the others use their own tickets. */
  | { kind: 'done' }
