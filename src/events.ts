/** The facts that every event has. */
export interface EventFacts {
  /** When it happened, in milliseconds since 1970. */
  at: number
  /** The requesting party concerned; `undefined` for the anonymous party, or if the event concerns no party. */
  requestingParty: string | undefined
  /** The number of the request of this requester; `undefined` if the event belongs to no request. */
  request: number | undefined
}

/** An event, before its facts are added. `flow` is the number of the flow of this requester. */
export type UmaEventDetail =
  | { type: 'challenge'; resource: string; method: string; status: number; issuer: string }
  | {
      type: 'challenge-refused'
      resource: string
      /** The issuer that the challenge names, or the name of the scheme if the challenge names no issuer. */
      issuer: string
      /** `issuer`, `host`, `origin`, `scheme`, or the scheme's own reason. */
      reason: string
    }
  | { type: 'challenge-unreadable'; resource: string; hint: string }
  | { type: 'no-challenge'; resource: string; method: string; status: number; hint: string }
  | { type: 'authorization-server-unreachable'; resource: string }
  | { type: 'flow-started'; flow: number; resource: string; method: string; issuer: string }
  | { type: 'discovery'; issuer: string; url: string }
  | { type: 'token-request'; flow: number; issuer: string; rpt: boolean; pct: boolean; claim: boolean }
  | { type: 'token-answer'; flow: number; issuer: string; step: string }
  | { type: 'rpt-stored'; flow: number; issuer: string; host: string; upgraded: boolean }
  | { type: 'rpt-refreshed'; issuer: string; host: string }
  | { type: 'rpt-dropped'; issuer: string; host: string; reason: 'stale' | 'expired' | 'refused' }
  | { type: 'redirect'; flow: number; issuer: string }
  | { type: 'redirect-returned'; flow: number; issuer: string }
  | { type: 'waiting'; flow: number; issuer: string; seconds: number }
  | {
      type: 'resend'
      resource: string
      method: string
      rpt: boolean
      reason: 'granted' | 'held' | 'stale' | 'fresh-ticket' | 'nonce'
    }
  | { type: 'flow-ended'; flow: number; issuer: string; outcome: 'granted' | 'failed'; code?: string | undefined }
  | { type: 'client-registered'; issuer: string }
  | { type: 'signed-in' | 'sign-in-refreshed' | 'sign-in-dropped'; issuer: string }
  | { type: 'revocation-failed'; issuer: string }
  | { type: 'storage-failed'; operation: string }
  | { type: 'record-dropped'; host: string }

/**
 * An event that `onEvent` receives: plain JSON, without tickets, tokens, claims, codes or states. `resource` is a URL
 * without its query, because a query may hold secrets of the application.
 */
export type UmaEvent = UmaEventDetail & EventFacts

/** Tells about an event. A listener that throws does not disturb the request. */
export type Tell = (event: UmaEventDetail) => void

/** Makes a `Tell` for one requesting party and one request. */
export type TellFor = (requestingParty: string | undefined, request?: number) => Tell

/** @param onEvent the application's listener; its errors are ignored */
export function createTell(onEvent: ((event: UmaEvent) => unknown) | undefined): TellFor {
  return (requestingParty, request) => async (event) => {
    try {
      await onEvent?.({ ...event, at: Date.now(), requestingParty, request })
    } catch {
      // An error of the listener must not fail the request.
    }
  }
}

/** The URL without query and fragment, as events name a resource. */
export const bare = (url: string): string => url.split(/[?#]/, 1)[0] as string
