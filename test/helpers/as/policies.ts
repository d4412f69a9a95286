/** Ready-made policies. */
import { ID_TOKEN_FORMAT } from './state.ts'
import type { Policy, RequiredClaim } from './types.ts'

export const grantAll: Policy = () => 'grant'
export const denyAll: Policy = () => 'deny'

/** Only these people, who show themselves on the claims interaction page (or did once: PCT), or by a Bearer access token. */
export function onlyPeople(...accounts: string[]): Policy {
  return ({ account, bearerSubject }) => {
    const who = account ?? bearerSubject
    if (who === undefined) return { needInfo: { redirectUser: true } }
    return accounts.includes(who) ? 'grant' : 'deny'
  }
}

/** Only those whose ID token (or another claim token) has one of these subjects. */
export function onlySubjects(
  subjects: string[],
  asked: RequiredClaim = { claim_token_format: [ID_TOKEN_FORMAT], friendly_name: 'who you are', name: 'sub' },
): Policy {
  return ({ claims }) => {
    if (claims.length === 0) return { needInfo: { requiredClaims: [asked] } }
    return claims.some((c) => subjects.includes(String(c.payload['sub']))) ? 'grant' : 'deny'
  }
}

/** The owner is asked, and agrees after so many rounds. */
export function ownerAgreesAfter(rounds: number, interval?: number): Policy {
  return ({ round }) => (round > rounds ? 'grant' : { submitted: interval === undefined ? {} : { interval } })
}
