import type { TellFor } from '../events.ts'
import type { Flows } from '../flow/flows.ts'
import type { CallbackAccess } from '../flow/people/handle-callback.ts'
import type { ServerAccess } from '../parties/client-session.ts'
import type { Parties } from '../parties/create-parties.ts'
import type { Party, RecordStore } from '../parties/party.ts'
import type { UmaRequestOptions } from '../request/options.ts'
import type { RequestDriver } from '../request/request-driver.ts'
import type { Trust } from '../trust/trust.ts'
import type { RequesterOptions } from './options.ts'

/** The parts of a requester that its handles share. Each handle is the requester for one requesting party. */
export interface RequesterParts {
  options: RequesterOptions
  records: RecordStore
  trust: Trust
  flows: Flows
  parties: Parties
  access: ServerAccess
  tellFor: TellFor
  callback: CallbackAccess
  /** Numbers the requests. */
  nextRequest(): number
  runRequest<R>(party: Party, driver: RequestDriver<R>, uma?: UmaRequestOptions): Promise<R>
  /** Goes on with a request that was sent without an RPT, from its answer. */
  continueRequest<R>(party: Party, driver: RequestDriver<R>, uma: UmaRequestOptions | undefined, result: R): Promise<R>
  signIn(party: Party, issuer: string): Promise<void>
  signOut(party: Party): Promise<void>
  /** Drops everything that the anonymous party holds. */
  forgetAnonymous(): void
}
