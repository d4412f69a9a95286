import { RedirectError } from '../../errors/index.ts'
import type { SchemeState } from '../../schemes/scheme.ts'
import type { Flow } from '../flow.ts'
import type { FlowTarget } from '../flow-target.ts'

/** The parts of an authorization request that the engine chooses. */
export interface InteractionFacts {
  redirectUri: string | undefined
  state: string
}

/** One round trip of a person to the authorization server. */
export interface Interaction {
  kind: 'claims' | 'sign-in'
  /** Whether the person may bring back a code instead of a URL. */
  outOfBand: boolean
  /** Where to send the person; undefined: nobody should be sent there. */
  url(facts: InteractionFacts): Promise<URL | undefined>
  /** The sign-in's own secret part, which waits with the flow; known after `url` was called. */
  memo(): unknown
  /**
   * Takes the return of the person. Returns the next state of the scheme; undefined: the state did not change.
   *
   * @throws InvalidStateError, RedirectError, UmaError
   */
  accept(back: string, state: string): Promise<SchemeState | undefined>
}

/** The interaction for claims (UMA Grant §3.3.2, §3.3.3). */
export function claimsInteraction({ authority }: Pick<FlowTarget, 'authority'>, flow: Flow): Interaction {
  const { server, scheme, client } = authority
  const { issuer, unchangedTicket = false } = server
  const { redirect } = scheme
  if (!redirect) throw new RedirectError(`The scheme ${scheme.name} has no redirect for claims`, { issuer })
  const before = flow.state ?? {}
  return {
    kind: 'claims',
    outOfBand: redirect.outOfBand === true,
    url: async (facts) => redirect.url(before, flow.redirectUser ?? '', { clientId: client.id, ...facts }),
    memo: () => undefined,
    accept: async (back, state) => redirect.accept(before, back, { state, issuer, unchangedTicket }),
  }
}
