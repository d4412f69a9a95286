import type { FlowContext } from '../authorization-server/client-authentication.ts'
import { InteractionRequiredError, NeedInfoError } from '../errors.ts'
import type { RequiredClaim } from '../protocol/token-answer.ts'
import type { Claim } from '../schemes/scheme.ts'
import { type Errand, interact } from './interact.ts'
import { abortable } from './lock.ts'
import { NobodySignedIn } from './nobody-signed-in.ts'
import type { Waiting } from './pending.ts'
import type { Services, Subject } from './services.ts'
import { signInErrand } from './sign-in.ts'

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** What a flow needs of the application and of the person before it, a bounded number of times. */
export interface People {
  /** Takes one of the rounds; false: they are used up. */
  take(): boolean
  /**
   * Sends the person away, one errand of a party at one issuer at a time: while another is under way it waits for that one, and what
   * it brings may be enough.
   *
   * @throws InteractionRequiredError, or what the errand ends with
   */
  send(errand: () => Errand): Promise<void>
  /** Has the person sign in. */
  signIn(acr?: string[]): Promise<void>
  /** What the application supplies, which may need somebody to be signed in. */
  supply(needed: RequiredClaim[]): Promise<Claim | undefined>
  /** What the last errand brought was used: others may have the person's attention. */
  done(): void
  needInfo(what: string, requiredClaims: RequiredClaim[]): NeedInfoError
}

/** @param waiting where the flow stands, should the page go away for a sign-in */
export function peopleOf(
  services: Services,
  subject: Subject,
  context: FlowContext,
  flow: number,
  waiting: () => Waiting & { first: boolean },
): People {
  const { options } = services
  const { party, uma } = subject
  const { issuer, signal } = context
  let left = options.maxRounds ?? 5
  let done = (): void => {}
  const people: People = {
    take: () => left-- > 0,
    async send(errand) {
      if (uma.interactive === false || !options.onRedirect) {
        const what = 'needs to talk to a person (createRequester: onRedirect)'
        throw new InteractionRequiredError(`${issuer} ${what}`, { issuer })
      }
      const others = party.interactions.get(issuer)
      if (others) {
        left++
        await abortable(others, signal)
        return
      }
      // It lasts until its outcome was asked for: only then is there a PCT for the others.
      const lasting = new Promise<void>((resolve) => {
        done = resolve
      })
      const over = lasting.then(() => void party.interactions.delete(issuer))
      party.interactions.set(issuer, over)
      await interact(services, subject, context, errand(), flow)
    },
    async signIn(acr) {
      if (!people.take()) throw people.needInfo('is not content with the sign-in', [])
      const { state, first } = waiting()
      await people.send(() => signInErrand(services, subject, state, { first, acr }))
      done()
    },
    async supply(needed) {
      for (;;) {
        try {
          const claim = await abortable(Promise.resolve(options.claims?.(needed, context)), signal)
          // One without the other would cost the ticket (Grant §3.3.1).
          if (claim && !(isText(claim.token) && isText(claim.format)))
            throw new TypeError('claims: resolve with { token, format }, both strings, or with undefined')
          return claim
        } catch (error) {
          if (!(error instanceof NobodySignedIn)) throw error
          await people.signIn()
        }
      }
    },
    done: () => done(),
    needInfo: (what, requiredClaims) =>
      Object.assign(new NeedInfoError(`${issuer} ${what}`, { issuer }), { requiredClaims }),
  }
  return people
}
