/**
 * What `onEvent` is told: plain JSON, without tickets, tokens, claims, codes or states. `resource` is a URL without its query,
 * which may hold secrets of the application's. `flow` numbers the flows of one requester.
 */
export type UmaEvent =
  | { type: 'challenge'; resource: string; method: string; status: number; issuer: string }
  | { type: 'challenge-refused'; resource: string; issuer: string; reason: 'issuer' | 'host' | 'origin' | 'scheme' }
  | { type: 'challenge-unreadable'; resource: string; hint: string }
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
      reason: 'granted' | 'held' | 'stale' | 'fresh-ticket'
    }
  | { type: 'flow-ended'; flow: number; issuer: string; outcome: 'granted' | 'failed'; code?: string | undefined }
  | { type: 'client-registered'; issuer: string }
  | { type: 'signed-in' | 'sign-in-refreshed' | 'sign-in-dropped'; issuer: string }
  | { type: 'revocation-failed'; issuer: string }
  | { type: 'storage-failed'; operation: string }
  | { type: 'record-dropped'; host: string }

/** Tells about an event; a listener that throws disturbs nobody. */
export type Tell = (event: UmaEvent) => void

/** `resource` for events: the URL without query and fragment. */
export const bare = (url: string): string => url.split(/[?#]/, 1)[0] as string
