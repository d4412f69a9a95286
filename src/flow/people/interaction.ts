import type { SignIn } from '../../authorization-server/identity.ts'
import { InvalidStateError, loadPart, NobodySignedInError, RedirectError } from '../../errors/index.ts'
import { clientSession, type ServerAccess } from '../../parties/client-session.ts'
import type { RecordStore } from '../../parties/party.ts'
import { revokeAll } from '../../parties/revoke.ts'
import { keepIdentity } from '../../parties/sign-ins.ts'
import type { SchemeState } from '../../schemes/scheme.ts'
import type { Trust } from '../../trust/trust.ts'
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

/** What a sign-in uses. */
export interface SignInInteractionAccess extends ServerAccess {
  records: RecordStore
  trust: Trust
}

/**
 * The interaction for a sign-in. The tokens that the sign-in brings are kept for the party, whatever the outcome of the
 * flow.
 *
 * @param memo the secret part of a sign-in that began on another page
 * @throws NobodySignedInError if there is no way to sign in
 */
export function signInInteraction(
  access: SignInInteractionAccess,
  { party, authority, place, tell }: FlowTarget,
  { acr, epoch }: Pick<Flow, 'acr' | 'epoch'>,
  memo?: unknown,
): Interaction {
  const { issuer, signIn: configured } = authority.server
  const signIn: SignIn | undefined = configured ?? authority.scheme.signIn
  if (!signIn) throw new NobodySignedInError(issuer)
  let begun = memo
  const session = () => clientSession(access, party, authority, place.url)
  return {
    kind: 'sign-in',
    outOfBand: false,
    async url({ redirectUri, state }) {
      const parts = await loadPart('sign-in', () => signIn.load())
      const beginning = await parts.begin(await session(), { redirectUri, state, acr })
      begun = beginning.memo
      return URL.canParse(beginning.url) ? new URL(beginning.url) : undefined
    },
    memo: () => begun,
    async accept(back) {
      const parts = await loadPart('sign-in', () => signIn.load())
      const identity = await parts.finish(await session(), begun, back)
      if (await keepIdentity(access.records, party, authority.key, identity, epoch)) {
        tell({ type: 'signed-in', issuer })
        return undefined
      }
      const { accessToken, refreshToken } = identity
      await revokeAll({ ...access, tell }, party, [
        { authority: authority.key, token: accessToken, hint: 'access_token' },
        { authority: authority.key, token: refreshToken, hint: 'refresh_token' },
      ])
      throw new InvalidStateError('Signed out meanwhile', { issuer })
    },
  }
}
