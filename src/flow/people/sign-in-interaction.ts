import type { SignIn } from '../../authorization-server/sign-in/identity.ts'
import { InvalidStateError, loadPart, NobodySignedInError } from '../../errors/index.ts'
import { clientSession, type ServerAccess } from '../../parties/client-session.ts'
import { revokeAll, signInTokens } from '../../parties/revoke.ts'
import { keepIdentity } from '../../parties/sign-ins.ts'
import { signInOf } from '../../trust/authority.ts'
import type { Trust } from '../../trust/trust.ts'
import type { Flow } from '../flow.ts'
import type { FlowTarget } from '../flow-target.ts'
import type { Interaction } from './interaction.ts'

/** The parts of a requester that a sign-in uses. */
export interface SignInInteractionAccess extends ServerAccess {
  trust: Trust
}

/**
 * The interaction for a sign-in, whose code is loaded here. The tokens that the sign-in brings are kept for the party,
 * whatever the outcome of the flow.
 *
 * @param memo the secret part of a sign-in that began on another page
 * @throws NobodySignedInError if there is no way to sign in; LoadError
 */
export async function signInInteraction(
  access: SignInInteractionAccess,
  { party, authority, place, tell }: FlowTarget,
  { acr, epoch }: Pick<Flow, 'acr' | 'epoch'>,
  memo?: unknown,
): Promise<Interaction> {
  const { issuer } = authority.server
  const signIn: SignIn | undefined = signInOf(authority)
  if (!signIn) throw new NobodySignedInError(issuer)
  const parts = await loadPart('sign-in', () => signIn.load())
  let begun = memo
  const session = () => clientSession(access, party, authority, place.url)
  return {
    kind: 'sign-in',
    outOfBand: false,
    async url({ redirectUri, state }) {
      const beginning = await parts.begin(await session(), { redirectUri, state, acr })
      begun = beginning.memo
      return URL.canParse(beginning.url) ? new URL(beginning.url) : undefined
    },
    memo: () => begun,
    async accept(back) {
      const identity = await parts.finish(await session(), begun, back)
      if (await keepIdentity(party, authority.key, identity, epoch)) {
        tell({ type: 'signed-in', issuer })
        return undefined
      }
      await revokeAll({ ...access, tell }, party, signInTokens(identity, authority.key))
      throw new InvalidStateError('Signed out meanwhile', { issuer })
    },
  }
}
