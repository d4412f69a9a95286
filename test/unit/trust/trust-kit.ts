import type { RegisteredClientRecord } from '../../../src/authorization-server/registration.ts'
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

/** Registered clients that are a script. The calls are written down. */
export function registry(
  stored: RegisteredClientRecord | undefined,
  next = 'new-client',
): ClientRegistry & { calls: unknown[][] } {
  const calls: unknown[][] = []
  return {
    calls,
    async stored(_authority, clientId) {
      calls.push(['stored', clientId])
      return stored
    },
    async register(_authority, not) {
      calls.push(['register', not])
      return { id: next, method: 'none' }
    },
  }
}
