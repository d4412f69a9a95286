import { none } from '../../../src/authorization-server/client-authentication.ts'
import type { RegisteredClient } from '../../../src/authorization-server/token-request.ts'
import type { Scheme } from '../../../src/schemes/scheme.ts'
import type { AuthorizationServer } from '../../../src/trust/options.ts'
import type { ClientRegistry } from '../../../src/trust/trust.ts'

export const issuer = 'https://as.example'
export const host = 'https://photos.example'

export const schemeWith = (more: Partial<Scheme> = {}): Scheme => ({ name: 'plain', ...more }) as Scheme

export const serverWith = (more: Partial<AuthorizationServer> = {}): AuthorizationServer => ({
  issuer,
  client: { id: 'album' },
  hosts: [host],
  ...more,
})

const client = (id: string): RegisteredClient => ({ id, auth: none() })

/** Registered clients that are a script. The calls are written down. */
export function registry(stored: string | undefined, next = 'new-client'): ClientRegistry & { calls: unknown[][] } {
  const calls: unknown[][] = []
  return {
    calls,
    async stored(_authority, clientId) {
      calls.push(['stored', clientId])
      return stored === undefined ? undefined : client(stored)
    },
    async register(_authority, not) {
      calls.push(['register', not])
      return client(next)
    },
  }
}
