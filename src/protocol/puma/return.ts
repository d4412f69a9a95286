import { queryOf } from '../uma1/return.ts'

/** The return to the callback of Puma's requester. `problem` names the unusable part. */
export type PumaReturn =
  /** `unclear`: the value of `claim_status` is not known; the host will say whether access was granted. */
  { outcome: 'granted' | 'submitted' | 'unclear' } | { problem: 'state' | 'error' | 'parameters'; code?: string }

/**
 * Reads a return by its parameters, in Puma's order. These managers echo no `state`: the state is in the query of the
 * redirect URI, and a manager may have echoed it as well.
 */
export function readPumaReturn(url: string, expected: { state: string }): PumaReturn {
  const parameters = queryOf(url)
  const states = parameters.getAll('state')
  if (!states.length || states.some((state) => state !== expected.state)) return { problem: 'state' }
  if (parameters.get('x-oauth_access_granted')) return { outcome: 'granted' }
  if (parameters.get('x-oauth_access_req')) return { outcome: 'submitted' }
  const status = parameters.get('claim_status')
  if (status) return { outcome: /^(ok|success|granted|true|1)$/i.test(status) ? 'granted' : 'unclear' }
  const code = parameters.get('error')
  return code ? { problem: 'error', code } : { problem: 'parameters' }
}
