import { InvalidStateError, RedirectError } from '../errors.ts'

/** A way back that is of no use. @throws InvalidStateError, RedirectError: always */
export function badReturn({ problem, code = problem }: { problem: string; code?: string }, issuer: string): never {
  if (problem === 'state')
    throw new InvalidStateError('This way back belongs to no redirect that is under way', { issuer })
  const reason = /^[a-z_]{1,64}$/.test(code) ? code : problem
  throw Object.assign(new RedirectError(`The way back from ${issuer} is not usable: ${problem}`, { issuer }), {
    reason,
  })
}
