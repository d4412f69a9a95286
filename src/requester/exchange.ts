import type { Answer, HeaderPatch } from '../schemes/scheme.ts'

/** A request, seen from the engine: *send this attempt, tell me what came back*. The only thing that a way in has to supply. */
export interface Exchange<R> {
  /** Upper case. */
  readonly method: string
  /** The absolute URL that is asked for. */
  readonly url: string
  /** Whether the caller set an `Authorization` of their own. */
  readonly authorized: boolean
  /** Whether the body can be sent a second time. */
  readonly replayable: boolean
  readonly signal?: AbortSignal | null | undefined
  /** Sends it, each time on a copy of its own, with these headers set; `preflight`: as HEAD, without the body. */
  send(headers: HeaderPatch | undefined, preflight?: boolean): Promise<R>
  status(result: R): number
  answer(result: R): Answer
  /** What of the request may wait in storage while a person is away, for the application to send it again. */
  readonly stored?: (() => StoredRequest | undefined) | undefined
}

/** The part of a request that may wait in storage: no `Authorization`, no body but text. */
export interface StoredRequest {
  headers: Record<string, string>
  body?: string | undefined
}
