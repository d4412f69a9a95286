/** A simulated authorization manager of UMA before 2.0: a function from `Request` to `Response`, without a socket. */
import { type Answer, toResponse } from '../wire/answer.ts'
import { type Clock, clockOf } from '../wire/clock.ts'
import { type ManagerDeviations, managerAsSpecified } from './deviations.ts'
import { createOAuth } from './oauth.ts'
import { agree, ownersDecide } from './permissions.ts'
import { pumaConfiguration, pumaRoutes } from './puma.ts'
import type { Aat, Era, ManagerClient, ManagerPolicy, ManagerState } from './types.ts'
import { type Routes, uma1Configuration, uma1Routes } from './uma1.ts'

export interface ManagerOptions {
  era: Era
  issuer: string
  /** milliseconds since 1970. @default Date.now */
  now?: Clock['now']
  deviations?: Partial<ManagerDeviations>
  /** @default ownersDecide */
  policy?: ManagerPolicy
  /** @default ['alice', 'bob'] */
  accounts?: string[]
  clients?: ManagerClient[]
}

export interface SimulatedManager {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>
  /** may be changed at any time */
  readonly deviations: ManagerDeviations
  readonly state: ManagerState
  /** The owner agrees to a party. True if the owner was asked. */
  agree(owner: string, party: string): boolean
  /** an AAT, as after signing in */
  issueAat(facts: { party: string; clientId: string; scope?: string }): Aat
  /** all AATs expire now */
  expireAats(): void
  /** all tickets expire now */
  expireTickets(): void
}

/**
 * Creates a simulated authorization manager.
 *
 * @example
 * ```ts
 * const manager = createManager({ era: 'puma', issuer: 'https://am.example.com', clients: [client] })
 * const response = await manager.fetch(new Request('https://am.example.com/.well-known/uma-configuration'))
 * ```
 */
export function createManager(options: ManagerOptions): SimulatedManager {
  const state = createState(options)
  const oauth = createOAuth(state)
  const routes = state.era === 'puma' ? pumaRoutes(state, oauth) : uma1Routes(state, oauth)
  return {
    fetch: async (request) => toResponse(await answer(state, routes, request)),
    deviations: state.deviations,
    state,
    agree: (owner, party) => agree(state, owner, party),
    issueAat: ({ party, clientId, scope = 'uma_authorization' }) => oauth.issueAat({ party, clientId, scope }),
    expireAats() {
      for (const aat of state.aats.values()) aat.expiresAt = 0
    },
    expireTickets() {
      for (const ticket of state.tickets.values()) ticket.expiresAt = 0
    },
  }
}

function createState(options: ManagerOptions): ManagerState {
  const { era, issuer, deviations, policy = ownersDecide, accounts = ['alice', 'bob'], clients = [] } = options
  return {
    era,
    issuer,
    clock: clockOf(options),
    deviations: { ...managerAsSpecified(era), ...deviations },
    policy,
    accounts,
    clients: new Map(clients.map((client) => [client.id, client])),
    tickets: new Map(),
    aats: new Map(),
    rpts: new Map(),
    refreshTokens: new Map(),
    agreed: new Set(),
    asked: new Set(),
  }
}

async function answer(state: ManagerState, routes: Routes, request: Request): Promise<Answer> {
  const { method } = request
  const path = new URL(request.url).pathname
  try {
    const isConfiguration = method === 'GET' && path === '/.well-known/uma-configuration'
    const usual = isConfiguration ? configuration(state) : ((await routes(request)) ?? { status: 404 })
    return state.deviations.answer?.(usual, { method, path }) ?? usual
  } catch (error) {
    return { status: 500, body: String(error) }
  }
}

function configuration(state: ManagerState): Answer {
  const isPuma = state.era === 'puma'
  const document = isPuma ? pumaConfiguration(state) : uma1Configuration(state)
  return {
    status: 200,
    headers: { 'content-type': isPuma ? 'application/uma-configuration+json' : 'application/json' },
    body: state.deviations.configuration ? state.deviations.configuration(document) : document,
  }
}
