import type { HeaderPatch } from '../bindings/binding.ts'
import type { StoredRequest } from '../flow/flow-target.ts'
import type { Answer } from '../protocol/http/answer.ts'
import type { InstanceOptions, UmaRequestOptions } from './options.ts'

/** Changes of one send, besides headers. */
export interface SendChanges {
  /** Send as HEAD, without the body. */
  preflight?: boolean
  /** Send to this URL, which has the same origin and path. */
  url?: string
  /** Send this form body instead. */
  body?: string
}

/**
 * One request of an HTTP library, as the engine sees it: send this attempt, tell me what came back. An adapter supplies
 * nothing else. The driver is created before the first `await` and has captured the caller's objects by then.
 */
export interface RequestDriver<R> {
  /** Upper case. */
  readonly method: string
  /** The absolute URL that the application asked for. */
  readonly url: string
  /** Whether the caller set an `Authorization` of its own. */
  readonly authorized: boolean
  /** Whether the body can be sent a second time. */
  readonly replayable: boolean
  readonly signal?: AbortSignal | null | undefined
  /** The body, if it is a form. A binding may sign it. */
  readonly form?: (() => URLSearchParams | undefined) | undefined
  /**
   * Sends the request, each time on a copy of its own.
   *
   * @param headers are set over the caller's own
   */
  send(headers: HeaderPatch | undefined, changes?: SendChanges): Promise<R>
  status(result: R): number
  answer(result: R): Answer
  /** The part of the request that may wait in storage while a person is away. */
  readonly stored?: (() => StoredRequest | undefined) | undefined
}

/** Runs one request through the engine. Adapters call this function and know nothing else of the engine. */
export type RunRequest = <R>(
  driver: RequestDriver<R>,
  uma?: UmaRequestOptions,
  instance?: InstanceOptions,
) => Promise<R>
