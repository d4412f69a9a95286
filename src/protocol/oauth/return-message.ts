import { denials } from './token-answer.ts'

/**
 * The message about a return that cannot be used.
 *
 * @param problem the unusable part of the return
 * @param code the error that the authorization server put into the return
 */
export function returnMessage(issuer: string, problem: string, code: string | null | undefined): string {
  if (code && denials.test(code)) return `The person declined at ${issuer}`
  return `The return from ${issuer} is not usable: ${problem}`
}
