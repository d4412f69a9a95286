import { freshTokens } from '../authorization-server/fresh-tokens.ts'
import type { Identity } from '../authorization-server/identity.ts'
import type { Tell } from '../events.ts'
import type { Authority } from '../trust/authority.ts'
import { clientSession, type ServerAccess } from './client-session.ts'
import { readEpoch } from './epoch.ts'
import type { Party, RecordStore } from './party.ts'
import { revokeAll, type Revoker, tokensOf } from './revoke.ts'
import { keepIdentity, readIdentities } from './sign-ins.ts'

/** What a look-up of a sign-in uses. */
export interface SignInAccess extends ServerAccess {
  records: RecordStore
  tell: Tell
}
