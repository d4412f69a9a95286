import { flowLockKey } from '../parties/party.ts'
import { placeKey } from '../wallet/place.ts'
import { type Rpt, versionOf } from '../wallet/rpt.ts'
import { untriedRpt } from '../wallet/untried-rpt.ts'
import type { FlowRun } from './flow-run.ts'
import type { FlowInput } from './inputs.ts'

/** Whether the server is known to ignore `rpt` at this host: flows then run side by side, and send no `rpt`. */
export function ignoresRpt({ target: { party, authority, host } }: FlowRun): boolean {
  return party.neverUpgrades.has(flowLockKey(authority.key, host))
}

/**
 * Looks into the wallet, which is brought up to date first: another flow, tab or process may have obtained an RPT
 * meanwhile. An RPT is only worth trying before the flow has taken a challenge to use.
 */
export async function lookIntoWallet(run: FlowRun): Promise<FlowInput> {
  const { flow, target, shared } = run
  const { party, authority, host, place } = target
  await party.stored?.sync(authority, host)
  const { wallet } = party
  const newest = wallet.newest(host, authority.key)
  const { leader } = shared
  if (!flow.state && leader) {
    const isUntried = (rpt: Rpt | undefined): rpt is Rpt => rpt !== undefined && !leader.tried.has(versionOf(rpt))
    const exact = untriedRpt(wallet.allAt(place), authority.key, leader)
    if (exact) return { kind: 'held', rpt: versionIn(exact) }
    const mayOpen = isUntried(newest) && !newest.insufficient.has(placeKey(place))
    if (mayOpen && !flow.triedNewest && leader.replayable && !ignoresRpt(run)) {
      return { kind: 'worth-trying', rpt: versionIn(newest) }
    }
  }
  const upgrade = rptToUpgrade(run, newest)
  // A flow that has not used a ticket yet goes on after a sign-out; a flow that has keeps its epoch.
  const epoch = flow.state ? flow.epoch : party.epoch
  return { kind: 'nothing-held', epoch, ...(upgrade && { upgrade: versionIn(upgrade) }) }
}

/** The RPT that the challenge answered, if this server issued it; otherwise the newest of this server at this host. */
function rptToUpgrade(run: FlowRun, newest: Rpt | undefined): Rpt | undefined {
  const { flow, target, shared } = run
  if (ignoresRpt(run) || flow.without.includes('rpt')) return undefined
  const presented = shared.leader?.rpt
  if (!flow.state && presented?.held && presented.authority === target.authority.key) return presented
  const before = flow.rpt && target.party.wallet.byId(flow.rpt.id)
  return before?.held ? before : newest
}

const versionIn = ({ id, revision }: Rpt): { id: string; revision: number } => ({ id, revision })
