import {
  InteractionRequiredError,
  InvalidStateError,
  NeedInfoError,
  RequestSubmittedError,
  TokenRequestError,
} from '../errors/index.ts'
import type { FlowRun } from './flow-run.ts'
import type { FlowFailure } from './inputs.ts'

/** The error of a flow that failed. */
export function failureError(run: FlowRun, failure: FlowFailure): unknown {
  const { flow } = run
  const { issuer, requiredClaims } = flow
  switch (failure) {
    case 'thrown':
      return run.error
    case 'claims-missing':
      return new NeedInfoError(`${issuer} needs claims that were not supplied (createRequester: claims)`, {
        issuer,
        requiredClaims,
      })
    case 'claims-insufficient':
      return new NeedInfoError(`${issuer} still requires claims; the claims that were sent were not sufficient`, {
        issuer,
        requiredClaims,
        reason: 'insufficient',
      })
    case 'rounds-used-up':
      return new NeedInfoError(
        `${issuer} still needs claims that were not supplied, after ${flow.limits.rounds} rounds (maxRounds)`,
        {
          issuer,
          requiredClaims,
          reason: 'max_rounds',
        },
      )
    case 'sign-in-insufficient':
      return new NeedInfoError(`${issuer} is not content with the sign-in`, { issuer })
    case 'polls-used-up':
      return new RequestSubmittedError(`${issuer} has asked the owner, who has not decided yet`, { issuer })
    case 'token-refused':
      return new TokenRequestError(`${issuer} does not accept the access token of the party`, {
        code: 'invalid_token',
        issuer,
      })
    case 'not-interactive':
      return new InteractionRequiredError(interactionMessage(run), { issuer })
    case 'redirect-loop':
      return new InteractionRequiredError(
        `The person was sent to ${issuer} ${flow.limits.rounds} times for this resource, which still does not open (maxRounds)`,
        { issuer, reason: 'redirect_loop' },
      )
    case 'signed-out':
      return new InvalidStateError('Signed out meanwhile', { issuer })
  }
}

function interactionMessage({ flow, access }: FlowRun): string {
  if (!access.options.onRedirect) return `${flow.issuer} needs to talk to a person (createRequester: onRedirect)`
  return `${flow.issuer} needs to talk to a person, and this request has interactive: false`
}
