import { abortable } from '../../async/abortable.ts'
import { sha256 } from '../../async/sha256.ts'
import { NobodySignedInError } from '../../errors/index.ts'
import type { Claim } from '../../schemes/scheme.ts'
import type { FlowRun } from '../flow-run.ts'
import type { FlowInput } from '../inputs.ts'

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

/**
 * Asks the application for a claim. The claim stays with the run; the flow only knows its digest.
 *
 * @throws TypeError if the application returns half a claim, or the error of the application
 */
export async function supplyClaim(run: FlowRun): Promise<FlowInput> {
  const { claims } = run.access.options
  let claim: Claim | undefined
  try {
    claim = await abortable(Promise.resolve(claims?.(run.flow.requiredClaims, run.context)), run.signal)
  } catch (error) {
    if (error instanceof NobodySignedInError) return { kind: 'nobody-signed-in' }
    throw error
  }
  if (!claim) return { kind: 'no-claim' }
  // A token without its format would use the ticket up for nothing (UMA Grant §3.3.1).
  if (!isText(claim.token) || !isText(claim.format)) {
    throw new TypeError('claims: resolve with { token, format }, both strings, or with undefined')
  }
  run.claim = claim
  return { kind: 'claim', digest: await sha256(`${claim.format} ${claim.token}`) }
}
