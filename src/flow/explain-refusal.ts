import type { DescribedAnswer } from '../authorization-server/sent-secrets.ts'
import { describeError, InvalidTokenResponseError, type UmaError } from '../errors/index.ts'
import { clientRefused } from '../protocol/oauth/client-refused.ts'
import type { Step } from '../schemes/scheme.ts'
import type { FlowRun } from './flow-run.ts'

/**
 * The step with an error that says more than the scheme knows: the server's own words, which client was refused and how
 * it authenticated, and whether claims were never asked for.
 */
export function explainRefusal<Any extends Step>(run: FlowRun, step: Any, answer: DescribedAnswer): Any {
  if (step.kind !== 'denied' && step.kind !== 'again') return step
  const error = explained(run, step.error, answer)
  describeError(error, answer.description)
  return { ...step, error }
}

function explained(
  { target, metadata, access, flow, claim }: FlowRun,
  error: UmaError,
  answer: DescribedAnswer,
): UmaError {
  const { issuer } = flow
  if (error.code === 'invalid_client' && metadata) {
    return clientRefused({ clientId: target.authority.client.id, metadata, authentication: answer.authentication })
  }
  const sentClaims = claim !== undefined || flow.claimsSent.length > 0
  if (answer.status === 400 && error.code === 'invalid_token_response' && access.options.claims && !sentClaims) {
    const hint = "the server never asked for the claims (pushClaims: 'first')"
    return new InvalidTokenResponseError(`${error.message}; ${hint}`, { issuer })
  }
  return error
}
