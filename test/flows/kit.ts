/** What tests of whole flows have in common: a person at the claims page, and what went over the wire. */
import { expect } from 'vitest'
import type { RedirectHandler, RedirectRequest, RequesterOptions, UmaEvent } from '../../src/index.ts'
import { type Policy, REDIRECT_URI, type RequiredClaim } from '../helpers/authorization-server.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'
import type { World } from '../helpers/world.ts'
import { formsOf } from '../requester/kit.ts'
import { browse, submit } from '../servers/kit.ts'
import { responseOf } from '../ways-in/kit.ts'

export { REDIRECT_URI } from '../helpers/authorization-server.ts'
export { pause as tick, until } from '../helpers/wait.ts'
export { tokenRequests } from '../requester/kit.ts'
export { rejection, umaErrorOf, umaRejection } from '../ways-in/kit.ts'

export const path = '/alice/1.jpg'
/** A person who opens the URL, fills in the form and ends on a URL of the client's. */
export async function visit(url: string, login = 'alice', action = 'share'): Promise<string> {
  const { origin } = new URL(url)
  const jar = new Map<string, string>()
  const form = await browse(origin, url, {}, jar)
  const end = form.left ? form : await submit(origin, form, { login, action }, jar)
  return end.left ?? expect.fail(`stuck at ${end.url}: ${end.text}`)
}

/** A caller's own redirect handler: the person is there at once. Remembers what it was asked. */
export function person(login = 'alice', action = 'share'): RedirectHandler & { asked: RedirectRequest[] } {
  const asked: RedirectRequest[] = []
  return Object.assign(
    async (request: RedirectRequest) => {
      asked.push(request)
      return visit(request.url, login, action)
    },
    { asked },
  )
}

/** A handler that comes back with a URL made of the one it was given. */
export function comesBack(
  make: (asked: RedirectRequest) => string | Promise<string>,
): Pick<RequesterOptions, 'onRedirect' | 'redirectUri'> {
  return { redirectUri: REDIRECT_URI, onRedirect: async (asked) => make(asked) }
}

export const withPerson = (
  onRedirect: RedirectHandler = person(),
): Pick<RequesterOptions, 'onRedirect' | 'redirectUri'> => ({
  redirectUri: REDIRECT_URI,
  onRedirect,
})

/** A claim token that any policy of the bench can read. */
export const claim = (sub = 'alice', format = 'urn:test:json') => ({
  token: Buffer.from(JSON.stringify({ sub })).toString('base64url'),
  format,
})

/** Supplies another claim each time: a claim that was sent is not sent again. */
export function newClaims(sub = 'alice'): () => ReturnType<typeof claim> {
  let supplied = 0
  return () => {
    supplied += 1
    const token = Buffer.from(JSON.stringify({ sub, supplied })).toString('base64url')
    return { ...claim(sub), token }
  }
}

/** Asks for one claim after the other, then grants. */
export const asksFor =
  (...needs: (RequiredClaim[] | 'person' | { submitted: number })[]): Policy =>
  ({ round }) => {
    const need = needs[round - 1]
    if (!need) return 'grant'
    if (need === 'person') return { needInfo: { redirectUser: true } }
    return 'submitted' in need ? { submitted: { interval: need.submitted } } : { needInfo: { requiredClaims: need } }
  }

/** Metadata without an endpoint where persons could go. */
export const noEndpoint = {
  metadata: (json: Record<string, unknown>) => ({ ...json, claims_interaction_endpoint: undefined }),
}

export const hostSends = (world: World): RecordedRequest[] => world.sent().filter(({ server }) => server === 'host')
export const pollTimes = (world: World): number[] =>
  world
    .sent()
    .filter((request) => request.path.endsWith('/token'))
    .map(({ at }) => at)
export const revocations = (world: World): URLSearchParams[] =>
  formsOf(world.sent().filter((r) => r.path.endsWith('/revoke')))
export const types = (events: UmaEvent[]): string[] => events.map(({ type }) => type)
/** The parameters of the claims interaction URL that a person was sent to. */
export const shown = ({ url }: { url: string }): URLSearchParams => new URL(url).searchParams

/** The status of the answer that an error carries. */
export const responseOfCode = async (error: unknown): Promise<number> => (await responseOf(error)).status
