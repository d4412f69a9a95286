import type { Answer } from '../protocol/http/answer.ts'
import type { Grant } from '../protocol/oauth/grant.ts'

/** Headers to set on a request. */
export type HeaderPatch = Record<string, string>

/** The request that a token is presented with, exactly as it will be sent. */
export interface PresentedRequest {
  /** Upper case. */
  method: string
  /** The final URL, without fragment. */
  url: string
  /** The body, if it is a form (`application/x-www-form-urlencoded`). */
  form?: URLSearchParams | undefined
}

/** The changes that present a token. */
export interface Presentation {
  /** Set over the request's own headers. */
  headers?: HeaderPatch
  /** The URL to send to instead. Origin and path must stay as they are. */
  url?: string
  /** The form body to send instead. */
  body?: string
}

/**
 * A binding says how a token is presented to a host: as a bearer token, with a DPoP proof (RFC 9449), or by a
 * signature (RFC 5849). A scheme names its binding; the default is the bearer token (RFC 6750 §2.1).
 */
export interface Binding {
  name: string
  /**
   * True if the presentation depends on the grant alone, and never on the request. The engine then calls `present` once
   * for each grant. @default false
   */
  reusable?: boolean
  /**
   * True if requests to the configured hosts are presented without a grant, too: `present(undefined, …)` is called for
   * the first send of each request to such a host. @default false
   */
  withoutGrant?: boolean
  /** Presents a grant with one request. It is called for every send, on the final URL. */
  present(grant: Grant | undefined, request: PresentedRequest): Presentation | Promise<Presentation>
  /** Headers to add to a token request, such as a DPoP proof (RFC 9449 §5). */
  presentTokenRequest?(request: PresentedRequest): HeaderPatch | Promise<HeaderPatch>
  /**
   * Sees every answer to a request that this binding presented, and every answer of the token endpoint to a request
   * that it added to. Returns true if the same request must be sent once more, because the answer brought a nonce
   * (RFC 9449 §8, §9). The engine repeats a request once.
   */
  answered?(answer: Pick<Answer, 'status' | 'headers'>, request: PresentedRequest): boolean | Promise<boolean>
}
