import { InvalidStateError, RedirectError, type UmaError } from '../errors/index.ts'
import { returnMessage } from '../protocol/oauth/return-message.ts'
import { isErrorCode } from '../protocol/oauth/token-answer.ts'

/** A fault of the URL that a person came back on. `code` is the error that the authorization server put into it. */
export interface ReturnProblem {
  problem: string
  code?: string
}

/**
 * The error for a return that cannot be used. Its `reason` is the server's error code, or else the unusable part.
 *
 * @example if ('problem' in result) throw unusableReturn(result, issuer)
 */
export function unusableReturn({ problem, code }: ReturnProblem, issuer: string): UmaError {
  if (problem === 'state') {
    return new InvalidStateError('The state of this return belongs to no redirect that is under way', { issuer })
  }
  const reason = isErrorCode(code) ? code : problem
  return new RedirectError(returnMessage(issuer, problem, code), { issuer, reason })
}
