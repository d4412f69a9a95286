import type { DynamicClient } from '../authorization-server/dynamic-client.ts'
import type { SignIn } from '../authorization-server/sign-in/identity.ts'
import type { RegisteredClient } from '../authorization-server/token-request.ts'
import type { Binding } from '../bindings/binding.ts'
import type { Scheme } from '../schemes/scheme.ts'
import type { AuthorizationServer } from './options.ts'

/** A trusted authorization server, ready for use. */
export interface Authority {
  server: AuthorizationServer
  scheme: Scheme
  binding: Binding
  client: RegisteredClient
  /** The registration, if the client registers itself. Until then, `client` has no id. */
  dynamic: DynamicClient | undefined
  /** The same client where it authenticates as itself and not by the party's token (`bearer()`). */
  own: RegisteredClient
  /**
   * Identifies server and client in the wallet: the issuer, a space and the client's id. Until the client is registered,
   * this key matches no stored record.
   */
  key: string
  /** Whether neither the server nor its endpoints may be at a private address. */
  publicOnly: boolean
  /** Whether this server may speak for a host. A rejection of the application's predicate means no. */
  speaksFor(origin: string): Promise<boolean>
}

/** How people sign in at an authority, if they do. */
export const signInOf = ({ server, scheme }: Authority): SignIn | undefined => server.signIn ?? scheme.signIn

/** The issuer in the key of an authority. */
export const issuerOf = (key: string): string => key.split(' ', 1)[0] as string
