import type { Connection } from './token-request.ts'

/** The requesting party's own tokens at an authorization server; plain JSON. */
export interface Identity {
  accessToken: string
  /** Milliseconds since 1970; undefined: not known. */
  expiresAt?: number | undefined
  refreshToken?: string | undefined
  idToken?: string | undefined
  scope?: string | undefined
}

/** What a sign-in is begun with. */
export interface SignInFacts {
  /** Where the person comes back to. */
  redirectUri: string | undefined
  /** Comes back unchanged. */
  state: string
  /** Authentication context classes, one of which is demanded (`acr_values`). */
  acr?: string[] | undefined
}

/** How a requesting party signs in at an authorization server. */
export interface SignIn {
  /** `memo` is plain JSON, and waits with the flow while the person is away. */
  begin(connection: Connection, facts: SignInFacts): Promise<{ url: string; memo: unknown }>
  finish(connection: Connection, memo: unknown, backUrl: string): Promise<Identity>
  refresh?(connection: Connection, identity: Identity): Promise<Identity>
}
