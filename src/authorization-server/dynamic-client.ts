import type { ClientAuth } from './client-authentication.ts'
import type { ClientMetadata } from './client-metadata.ts'

/** Loads the code that registers clients. */
export type LoadRegistration = () => Promise<typeof import('./registered-clients.ts')>

/** Marks clients that register themselves. Two copies of this package in one program know the same mark. */
const mark: unique symbol = Symbol.for('uma-requester.dynamic-client')

/**
 * A client that registers itself (RFC 7591): the value of `dynamicClient()`. It is thin: the code that registers is
 * loaded when a request first needs the client.
 */
export class DynamicClient {
  /** @internal */
  readonly [mark] = true
  /** The metadata to register. */
  readonly metadata: ClientMetadata
  /** How the client authenticates. @default the registered method */
  readonly auth?: ClientAuth
  readonly #load: LoadRegistration

  constructor(metadata: ClientMetadata, auth: ClientAuth | undefined, load: LoadRegistration) {
    this.metadata = metadata
    if (auth) this.auth = auth
    this.#load = load
  }

  /** @internal */
  loadRegistration(): ReturnType<LoadRegistration> {
    return this.#load()
  }
}

export const isDynamicClient = (value: unknown): value is DynamicClient =>
  Object(value) === value && mark in (value as object)
