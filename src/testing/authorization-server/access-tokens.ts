/** Access tokens other than RPTs: the PAT of a resource server, and the token of a person who signed in at a client. */
import type { Clock } from '../wire/clock.ts'
import { random } from '../wire/random.ts'

export interface AccessToken {
  clientId: string
  scope: string
  /** the person; undefined for a token of the client itself */
  account?: string | undefined
}

export interface AccessTokenStore {
  /** undefined for a token that is unknown, expired or revoked */
  find(token: string): Promise<AccessToken | undefined>
}

export interface AccessTokensInMemory extends AccessTokenStore {
  issue(token: AccessToken, lifetimeMs: number): string
  revokePatOf(clientId: string): void
}

export function accessTokensInMemory(clock: Clock): AccessTokensInMemory {
  const tokens = new Map<string, AccessToken & { expiresAt: number }>()
  return {
    async find(value) {
      const token = tokens.get(value)
      return token !== undefined && token.expiresAt > clock.now() ? token : undefined
    },
    issue(token, lifetimeMs) {
      const value = random(32)
      tokens.set(value, { ...token, expiresAt: clock.now() + lifetimeMs })
      return value
    },
    revokePatOf(clientId) {
      for (const [value, token] of tokens) {
        if (token.clientId === clientId && token.account === undefined) tokens.delete(value)
      }
    },
  }
}
