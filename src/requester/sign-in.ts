import type { SignIn } from '../authorization-server/identity.ts'
import { InvalidStateError } from '../errors.ts'
import type { FlowState } from '../schemes/scheme.ts'
import { ownConnection } from './connection.ts'
import { keepIdentity } from './identities.ts'
import type { Errand } from './interact.ts'
import { nobodySignedIn } from './nobody-signed-in.ts'
import { epochOf } from './pending.ts'
import type { Services, Subject } from './services.ts'

/** What a sign-in takes. */
type Signer = Pick<Subject, 'party' | 'authority' | 'url'>

/** The errand that a sign-in is: what it brings is kept for the party, whatever becomes of the flow. @throws NobodySignedIn where there is no way to */
export function signInErrand(
  services: Services,
  subject: Signer,
  flow: FlowState,
  sent: { first: boolean; acr?: string[] | undefined; memo?: unknown; epoch?: string | false },
): Errand {
  const { party, authority, url } = subject
  const { issuer, signIn: configured } = authority.server
  const signIn = configured ?? authority.scheme.signIn
  if (!signIn) throw nobodySignedIn(issuer)
  const { first, acr } = sent
  let { memo } = sent
  // Signed out since: what comes back then is nobody's.
  const epoch = sent.epoch ?? epochOf(services, party)
  const connect = () => ownConnection(services, party, authority, url)
  return {
    async url({ redirectUri, state }) {
      const begun = await (signIn as SignIn).begin(await connect(), { redirectUri, state, acr })
      memo = begun.memo
      return URL.canParse(begun.url) ? new URL(begun.url) : undefined
    },
    waiting: () => ({ state: { ...flow }, signIn: { memo, first } }),
    async accept(back) {
      const identity = await signIn.finish(await connect(), memo, back)
      if (!(await keepIdentity(services, party, authority.key, identity, await epoch)))
        throw new InvalidStateError('Signed out meanwhile', { issuer })
      services.tell({ type: 'signed-in', issuer })
    },
  }
}
