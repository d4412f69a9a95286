import type { Connection } from '../token-request.ts'
import type { Tokens } from '../tokens.ts'

/** The requesting party's own tokens at an authorization server; plain JSON. */
export type Identity = Tokens

/** The facts that a sign-in begins with. */
export interface SignInFacts {
  /** Where the person comes back to. */
  redirectUri: string | undefined
  /** Comes back unchanged. */
  state: string
  /** Authentication context classes, one of which is required (`acr_values`, OpenID Connect Core §3.1.2.1). */
  acr?: string[] | undefined
}

/** The functions of a sign-in: how a requesting party signs in at an authorization server. */
export interface SignInParts {
  /**
   * Begins a sign-in.
   *
   * @returns the URL that the person is sent to, and a memo: plain JSON that is stored with the flow while the person
   * is away
   */
  begin(connection: Connection, facts: SignInFacts): Promise<{ url: string; memo: unknown }>
  /**
   * Finishes a sign-in.
   *
   * @param memo the memo of `begin`
   * @param backUrl the URL that the person came back on
   */
  finish(connection: Connection, memo: unknown, backUrl: string): Promise<Identity>
  /** Refreshes a sign-in. Absent: a sign-in of this kind cannot be refreshed. */
  refresh?(connection: Connection, identity: Identity): Promise<Identity>
}

/** Marks sign-ins. Two copies of this package in one program know the same mark. */
const mark: unique symbol = Symbol.for('uma-requester.sign-in')

/**
 * A sign-in: the value of `codeFlow()` or `defineSignIn()`. It is thin: the code of the sign-in is loaded when somebody
 * has to sign in.
 */
export class SignIn {
  /** @internal */
  readonly [mark] = true
  readonly #load: () => Promise<SignInParts>

  /** @internal */
  constructor(load: () => Promise<SignInParts>) {
    this.#load = load
  }

  /** @internal */
  load(): Promise<SignInParts> {
    return this.#load()
  }
}

export const isSignIn = (value: unknown): value is SignIn => Object(value) === value && mark in (value as object)
