/** oidc-provider ships no types; these are the few that the bench uses. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

  interface StoredToken {
    clientId: string
    accountId?: string
    scope?: string
    isExpired: boolean
    /** thumbprint of the DPoP key */
    jkt?: string
    destroy(): Promise<void>
  }
  interface TokenModel {
    new (facts: Record<string, unknown>): { save(ttl?: number): Promise<string> }
    find(value: string): Promise<StoredToken | undefined>
  }
  export interface ProviderClient {
    clientId: string
    metadata(): Record<string, unknown>
  }
  interface GrantModel {
    addOIDCScope(scope: string): void
    addOIDCClaims(claims: string[]): void
    save(): Promise<string>
  }
  interface InteractionModel {
    uid: string
    prompt: { name: string; details: { missingOIDCScope?: string[]; missingOIDCClaims?: string[] } }
    params: Record<string, unknown>
    session?: { accountId: string }
  }
  interface FinishOptions {
    mergeWithLastSubmission?: boolean
  }
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly issuer: string
    AccessToken: TokenModel
    ClientCredentials: TokenModel
    Grant: new (
      facts: Record<string, unknown>,
    ) => GrantModel
    Client: {
      find(id: string): Promise<ProviderClient | undefined>
    }
    OIDCContext: { prototype: { clientJwtAuthExpectedAudience(): Set<string> } }
    callback(): RequestListener
    on(event: string, listener: (...args: never[]) => void): this
    registerGrantType(name: string, handler: () => Promise<void>, parameters?: string[], dupes?: string[]): void
    interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<InteractionModel>
    interactionFinished(
      req: IncomingMessage,
      res: ServerResponse,
      result: Record<string, unknown>,
      options?: FinishOptions,
    ): Promise<void>
  }
}
