import { SchemeError, type UmaError } from '../errors/index.ts'
import { flowLockKey } from '../parties/party.ts'
import { presentHeaders } from '../parties/present-headers.ts'
import { revokeAll, tokensOf } from '../parties/revoke.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import type { AskStep, SchemeState, Step } from '../schemes/scheme.ts'
import type { Rpt } from '../wallet/rpt.ts'
import type { FlowRun } from './flow-run.ts'
import type { FlowInput } from './inputs.ts'

/**
 * Turns the step of a scheme into the input of the flow. Whatever the step brings (an RPT, a PCT, the news that a token
 * is bad) is stored here.
 *
 * @param upgrade the RPT that was sent to be upgraded
 */
export async function takeStep(
  run: FlowRun,
  state: SchemeState,
  step: Exclude<Step, AskStep>,
  upgrade: Rpt | undefined,
): Promise<FlowInput> {
  switch (step.kind) {
    case 'granted':
      return takeGrant(run, step, upgrade)
    case 'issued':
      return takeIssuedRpt(run, step.grant, upgrade)
    case 'claims':
      return { kind: 'claims', state, requiredClaims: step.requiredClaims, redirectUser: step.redirectUser }
    case 'wait':
      return { kind: 'wait', state, seconds: step.seconds }
    case 'sign-in':
      return { kind: 'sign-in', state, acr: step.acr }
    case 'again':
      return askAgain(run, step, upgrade)
    case 'denied':
      return denied(run, step.error)
    default:
      throw new SchemeError(`The scheme ${run.target.authority.scheme.name} returned an unknown step`, {
        issuer: run.flow.issuer,
      })
  }
}

function denied(run: FlowRun, error: UmaError): FlowInput {
  run.error = error
  return { kind: 'denied' }
}

/** UMA Grant §3.3.5. */
async function takeGrant(
  run: FlowRun,
  { grant, upgraded, pct }: Extract<Step, { kind: 'granted' }>,
  upgrade: Rpt | undefined,
): Promise<FlowInput> {
  const { party, authority, host, place } = run.target
  if (party.epoch !== run.flow.epoch) return revokeAfterSignOut(run, grant)
  learnWhetherUpgraded(run, grant, upgraded, upgrade)
  if (pct) party.pcts.set(authority.key, pct)
  const rpt = storeRpt(run, grant, upgraded ? upgrade : undefined)
  party.wallet.opened(rpt, place)
  await party.stored?.save(authority.key, host)
  if (party.epoch !== run.flow.epoch) return revokeAfterSignOut(run, grant)
  run.say({ type: 'rpt-stored', host, upgraded })
  return { kind: 'granted', rpt: { id: rpt.id, revision: rpt.revision } }
}

/** The host has a ticket only for requests that show an RPT. */
async function takeIssuedRpt(run: FlowRun, grant: Grant, upgrade: Rpt | undefined): Promise<FlowInput> {
  const { party, authority, host } = run.target
  if (party.epoch !== run.flow.epoch) return revokeAfterSignOut(run, grant)
  const rpt = storeRpt(run, grant, upgrade)
  await party.stored?.save(authority.key, host)
  run.say({ type: 'rpt-stored', host, upgraded: false })
  const canSend = run.shared.leader?.replayable === true
  return { kind: 'issued', rpt: { id: rpt.id, revision: rpt.revision }, canSend }
}

function storeRpt({ target }: FlowRun, grant: Grant, upgraded: Rpt | undefined): Rpt {
  const { party, authority, host } = target
  const headers = presentHeaders(authority, grant)
  return party.wallet.store({ grant, headers, authority: authority.key, host, upgraded })
}

/**
 * A server ignores `rpt` if it answered a request that carried `rpt` with another token and without `upgraded`. This is
 * forgotten when the server upgrades an RPT (UMA Grant §3.3.5).
 */
function learnWhetherUpgraded(run: FlowRun, grant: Grant, upgraded: boolean, upgrade: Rpt | undefined): void {
  const { party, authority, host } = run.target
  const key = flowLockKey(authority.key, host)
  if (upgraded) party.neverUpgrades.delete(key)
  else if (upgrade && upgrade.grant.token !== grant.token) party.neverUpgrades.add(key)
}

/** A token that arrives after a sign-out is revoked and not used. */
async function revokeAfterSignOut({ access, target }: FlowRun, grant: Grant): Promise<FlowInput> {
  const { party, authority, host, tell } = target
  await revokeAll({ ...access, tell }, party, tokensOf(grant, authority.key, host))
  return { kind: 'signed-out' }
}

/** Forgets a token that the server named as bad, and asks for a fresh ticket. */
async function askAgain(
  run: FlowRun,
  step: Extract<Step, { kind: 'again' }>,
  upgrade: Rpt | undefined,
): Promise<FlowInput> {
  const { party, authority, host, tell } = run.target
  run.error = step.error
  if (step.drop && step.without.includes('pct')) party.pcts.delete(authority.key)
  if (step.drop && step.without.includes('rpt') && upgrade) {
    party.wallet.drop(upgrade)
    tell({ type: 'rpt-dropped', issuer: authority.server.issuer, host, reason: 'refused' })
  }
  if (step.drop) await party.stored?.save(authority.key, host)
  const held = step.presenting ? party.wallet.newest(host, authority.key) : undefined
  const canSend = run.shared.leader?.replayable === true
  return {
    kind: 'again',
    without: step.without,
    canSend,
    ...(held && { rpt: { id: held.id, revision: held.revision } }),
  }
}
