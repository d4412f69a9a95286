/** An authorization manager for tests, on a real loopback port: one era of UMA before 2.0 each, with a switch for every doubt. */
import { REDIRECT_URI } from '../as/clients.ts'
import { type Answer, type ListeningServer, listen, send } from '../http.ts'
import { WireRecorder } from '../recorder.ts'
import { oauthCore } from './oauth.ts'
import { agree, ownersDecide } from './permissions.ts'
import { pumaConfiguration, pumaRoutes } from './puma.ts'
import { type AmQuirks, amOrderly } from './quirks.ts'
import type { Aat, AmClient, AmPolicy, AmState, Era } from './types.ts'
import { uma1Configuration, uma1Routes } from './uma1.ts'

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
  const { era, recorder = new WireRecorder(), label = 'am' } = options
  const state: AmState = {
    era,
    issuer: '',
    quirks: { ...amOrderly(era), ...options.quirks },
    policy: options.policy ?? ownersDecide,
    accounts: options.accounts ?? ['alice', 'bob'],
    clients: new Map([photoApp, ...(options.clients ?? [])].map((client) => [client.id, client])),
    tickets: new Map(),
    aats: new Map(),
    rpts: new Map(),
    refreshTokens: new Map(),
    agreed: new Set(),
    asked: new Set(),
  }
  const oauth = oauthCore(state)
  const routes = era === 'puma' ? pumaRoutes(state, oauth) : uma1Routes(state, oauth)

  function configuration(): Answer {
    const document = era === 'puma' ? pumaConfiguration(state) : uma1Configuration(state)
    return {
      status: 200,
      headers: { 'content-type': era === 'puma' ? 'application/uma-configuration+json' : 'application/json' },
      body: state.quirks.configuration ? state.quirks.configuration(document) : document,
    }
  }

  const server = await listen(
    recorder.wrap(
      async (req, res) => {
        try {
          const url = new URL(req.url ?? '/', state.issuer)
          const isConfiguration = url.pathname === '/.well-known/uma-configuration' && req.method === 'GET'
          const usual = (isConfiguration ? configuration() : await routes(req, url)) ?? { status: 404 }
          send(res, state.quirks.answer?.(usual, { method: req.method ?? '', path: url.pathname }) ?? usual)
        } catch (error) {
          send(res, { status: 500, body: String(error) })
        }
      },
      label,
      () => state.issuer,
    ),
    options,
  )
  state.issuer = server.origin
  return {
    ...server,
    state,
    issuer: server.origin,
    quirks: state.quirks,
    recorder,
    agree: (owner, party) => agree(state, owner, party),
    issueAat: (party, clientId = photoApp.id, scope = 'uma_authorization') =>
      oauth.issue({ party, clientId, scope, acr: undefined }),
    expireAats() {
      for (const aat of state.aats.values()) aat.expiresAt = 0
    },
    expireTickets() {
      for (const ticket of state.tickets.values()) ticket.expiresAt = 0
    },
  }
}
