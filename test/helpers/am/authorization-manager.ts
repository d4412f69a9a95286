/** A simulated authorization manager (UMA before 2.0), on a real loopback port. */
import { createManager } from '../../../src/testing/older/manager.ts'
import { REDIRECT_URI } from '../as/clients.ts'
import { fetchListener } from '../fetch-listener.ts'
import type { ListeningServer } from '../http.ts'
import { listenRecorded } from '../recorded-server.ts'
import { WireRecorder } from '../recorder.ts'
import type { AmQuirks } from './quirks.ts'
import type { Aat, AmClient, AmPolicy, AmState, Era } from './types.ts'

export interface AuthorizationManager extends ListeningServer {
  state: AmState
  issuer: string
  /** may be flipped at any time */
  quirks: AmQuirks
  recorder: WireRecorder
  /** the owner says yes; whether there was anything to say yes to */
  agree(owner: string, party: string): boolean
  /** an AAT, as after signing in */
  issueAat(party: string, clientId?: string, scope?: string): Aat
  /** all AATs end now */
  expireAats(): void
  expireTickets(): void
}

export interface AuthorizationManagerOptions {
  era: Era
  recorder?: WireRecorder
  label?: string
  quirks?: Partial<AmQuirks>
  policy?: AmPolicy
  accounts?: string[]
  clients?: AmClient[]
  port?: number
}

/** Known to every manager. Managers accept a query that a client adds to its URI. */
export const photoApp = { id: 'photo-app', secret: 'photo-secret', redirectUris: [REDIRECT_URI] }

export async function startAuthorizationManager(options: AuthorizationManagerOptions): Promise<AuthorizationManager> {
  const { era, recorder = new WireRecorder(), label = 'am', port } = options
  const server = await listenRecorded({ recorder, label, port })
  const manager = createManager({
    era,
    issuer: server.origin,
    clients: [photoApp, ...(options.clients ?? [])],
    ...(options.quirks && { deviations: options.quirks }),
    ...(options.policy && { policy: options.policy }),
    ...(options.accounts && { accounts: options.accounts }),
  })
  server.use(fetchListener(manager.fetch, server.origin))
  return {
    ...server,
    state: manager.state,
    issuer: server.origin,
    quirks: manager.deviations,
    recorder,
    agree: manager.agree,
    issueAat: (party, clientId = photoApp.id, scope = 'uma_authorization') =>
      manager.issueAat({ party, clientId, scope }),
    expireAats: manager.expireAats,
    expireTickets: manager.expireTickets,
  }
}
