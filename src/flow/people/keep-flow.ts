import type { RecordStore } from '../../parties/party.ts'
import { pendingKey } from '../../parties/record-keys.ts'
import type { SchemeState } from '../../schemes/scheme.ts'
import type { Flow } from '../flow.ts'
import type { FlowRun } from '../flow-run.ts'
import type { Leaving } from './leaving.ts'
import type { PendingFlow } from './pending.ts'

/** Puts a flow into the storage under its state. */
export async function keepPending(records: RecordStore, state: string, pending: PendingFlow): Promise<void> {
  const ttl = Math.max(pending.flow.deadline - Date.now(), 1)
  await records.set(pendingKey(state), JSON.stringify(pending), ttl)
}

/**
 * Puts the flow of a run into the storage, because the person leaves. If the flow has not begun, it begins with the
 * challenge of its leader.
 *
 * @param storeRequest headers and text body of the request wait in the storage, too
 */
export async function keepFlow(
  { target, flow, shared, claim }: FlowRun,
  { interaction, state, redirectUri }: Leaving,
  storeRequest: boolean,
): Promise<void> {
  const { scheme } = target.authority
  const { leader } = shared
  const started = flow.state ?? (leader ? scheme.start(leader.challenge) : {})
  const waiting: Flow = claim ? withoutClaim(flow, started, redirectUri) : { ...flow, state: started, redirectUri }
  await keepPending(target.party.records, state, {
    v: 2,
    flow: waiting,
    ...(interaction.kind === 'sign-in' && { signIn: { memo: interaction.memo() } }),
    ...(storeRequest && { stored: target.stored?.() }),
  })
}

/** A claim that was not sent yet stays here, so the application is asked for it again. */
function withoutClaim({ claim: _here, ...flow }: Flow, state: SchemeState, redirectUri: string | undefined): Flow {
  const pushClaims = flow.limits.pushClaims && flow.requiredClaims.length === 0
  return { ...flow, state, redirectUri, resume: 'claims', pushClaims }
}
