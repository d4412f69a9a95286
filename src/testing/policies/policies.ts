/** Ready-made policies. */
import type { Policy, RequiredClaim } from './policy.ts'

/** The `claim_token_format` of an ID token (Grant §3.3.1). */
export const ID_TOKEN_FORMAT = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken'

export const grantAll: Policy = () => 'grant'
export const denyAll: Policy = () => 'deny'

/** Grants only these people. They sign in on the claims interaction page (now or once: PCT), or bring a Bearer token. */
export function onlyPeople(...accounts: string[]): Policy {
  return ({ account, bearerSubject }) => {
    const person = account ?? bearerSubject
    if (person === undefined) return { needInfo: { redirectUser: true } }
    return accounts.includes(person) ? 'grant' : 'deny'
  }
}

/** Grants only clients whose ID token (or another claim token) has one of these subjects. */
export function onlySubjects(
  subjects: string[],
  asked: RequiredClaim = { claim_token_format: [ID_TOKEN_FORMAT], friendly_name: 'who you are', name: 'sub' },
): Policy {
  return ({ claims }) => {
    if (claims.length === 0) return { needInfo: { requiredClaims: [asked] } }
    return claims.some(({ payload }) => subjects.includes(String(payload.sub))) ? 'grant' : 'deny'
  }
}

/**
 * The owner is asked, and agrees after so many rounds.
 * @param interval seconds that the client is told to wait between two rounds
 */
export function ownerAgreesAfter(rounds: number, interval?: number): Policy {
  return ({ round }) => (round > rounds ? 'grant' : { submitted: interval === undefined ? {} : { interval } })
}
