import type { TellFor } from './events.ts'
import type { Flows } from './flow/flows.ts'
import type { CallbackAccess } from './flow/people/handle-callback.ts'
import type { ServerAccess } from './parties/client-session.ts'
import type { Parties } from './parties/create-parties.ts'
import type { RecordStore } from './parties/party.ts'
import type { RunAccess } from './request/run-request.ts'
import type { RequesterOptions } from './requester-options.ts'
import type { Trust } from './trust/trust.ts'

/** The parts of a requester that its handles share. Each handle is the requester for one requesting party. */
export interface RequesterParts {
  options: RequesterOptions
  records: RecordStore
  trust: Trust
  flows: Flows
  parties: Parties
  access: ServerAccess
  tellFor: TellFor
  run: RunAccess
  callback: CallbackAccess
}
