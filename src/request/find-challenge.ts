import { abortable } from '../async/abortable.ts'
import { findUmaError, SchemeError, UntrustedAuthorizationServerError, withResponse } from '../errors/index.ts'
import { bare } from '../events.ts'
import type { Answer } from '../protocol/http/answer.ts'
import type { Challenge, Scheme } from '../schemes/scheme.ts'
import type { Authority } from '../trust/authority.ts'
import type { Trust } from '../trust/trust.ts'
import type { RequestRun } from './request-run.ts'

/** A challenge, and the scheme that recognised it. */
export interface RecognisedChallenge {
  challenge: Challenge
  scheme: Scheme
}

/** A challenge that may be acted upon. */
export interface UsableChallenge {
  authority: Authority
  challenge: Challenge
}

/** A challenge that may not be acted upon. `error`: the request fails with it, unless another challenge is usable. */
interface RefusedChallenge {
  /** Reported as `challenge-refused`. */
  issuer: string
  reason: string
  error?: UntrustedAuthorizationServerError
}

/** Whether a redirect led to another origin: then neither the answer nor its challenge is this host's. */
export function isRedirectedAway({ url }: Answer, host: string): boolean {
  return URL.canParse(url) && new URL(url).origin !== host
}

/**
 * The challenges of all schemes in an answer. A scheme that reads the body reads a copy, so that the application can
 * still read the answer.
 *
 * @throws SchemeError if a scheme throws
 */
export async function recognise<R>(
  trust: Trust,
  run: Pick<RequestRun<R>, 'driver' | 'place'>,
  result: R,
): Promise<RecognisedChallenge[]> {
  const { driver, place } = run
  const copy = (): R => (hasClone(result) ? (result.clone() as R) : result)
  const answer: Answer = { ...driver.answer(result), text: (cap) => driver.answer(copy()).text(cap) }
  const found: RecognisedChallenge[] = []
  for (const scheme of trust.schemes) {
    const challenges = await challengesOf(scheme, answer, place.url, result)
    for (const challenge of challenges) found.push({ challenge, scheme })
  }
  return found
}

const hasClone = (result: unknown): result is { clone(): unknown } =>
  typeof (result as { clone?: unknown } | undefined)?.clone === 'function'

async function challengesOf(
  scheme: Scheme,
  answer: Answer,
  resource: string,
  response: unknown,
): Promise<readonly Challenge[]> {
  try {
    const challenges = await scheme.recognise(answer, { resource })
    return Array.from(challenges)
  } catch (cause) {
    const failed = new SchemeError(`The scheme ${scheme.name} could not read an answer`, { cause })
    throw withResponse(findUmaError(cause) ?? failed, response)
  }
}

/**
 * The first challenge of the last answer whose issuer is trusted and may speak for this host, in the scheme that is
 * configured for that issuer.
 *
 * @throws UntrustedAuthorizationServerError if there are challenges, and none of them may be acted upon
 */
export async function findUsableChallenge<R>(trust: Trust, run: RequestRun<R>): Promise<UsableChallenge | undefined> {
  const answer = run.driver.answer(run.result)
  const refused = new Map<string, RefusedChallenge>()
  const mismatched = new Map<string, RefusedChallenge>()
  for (const { challenge, scheme } of await recognise(trust, run, run.result)) {
    const judged = await abortable(judge(trust, run, answer, challenge, scheme), run.driver.signal)
    if ('authority' in judged) return judged
    if (judged.reason === 'scheme') mismatched.set(judged.issuer, judged)
    else if (!refused.has(judged.issuer)) {
      refused.set(judged.issuer, judged)
      report(run, judged)
    }
  }
  const withError = [...refused.values()].find(({ error }) => error !== undefined)
  if (withError) throw withError.error
  const [mismatch] = mismatched.values()
  if (mismatch) report(run, mismatch)
  return undefined
}

function report({ tell, place }: RequestRun<unknown>, { issuer, reason }: RefusedChallenge): void {
  tell({ type: 'challenge-refused', resource: bare(place.url), issuer, reason })
}

async function judge<R>(
  trust: Trust,
  run: RequestRun<R>,
  answer: Answer,
  challenge: Challenge,
  scheme: Scheme,
): Promise<UsableChallenge | RefusedChallenge> {
  const { host, place } = run
  const named = bare(challenge.issuer ?? scheme.name)
  if (challenge.refused !== undefined) return { issuer: named, reason: challenge.refused }
  if (challenge.issuer === undefined) return judgeWithoutIssuer(trust, run, answer, challenge, scheme)
  const authority = await trust.find(challenge.issuer, place.url)
  // An issuer speaks the protocol that it is configured with. A host cannot take it back to an older protocol.
  if (authority && authority.scheme.name !== scheme.name) return { issuer: named, reason: 'scheme' }
  if (isRedirectedAway(answer, host)) return { issuer: named, reason: 'origin' }
  if (!authority) {
    const message = `${host} names the issuer ${named}, which is not trusted: ${adviceFor(trust)}`
    return { issuer: named, reason: 'issuer', error: untrusted(message, named, run.result) }
  }
  if (!(await authority.speaksFor(host))) {
    const { issuer, hosts } = authority.server
    const configured = Array.isArray(hosts) ? `, which are ${hosts.join(', ') || 'none'}` : ''
    const message = `${issuer} may not speak for ${host}: should this host be among its hosts${configured}?`
    return { issuer: named, reason: 'host', error: untrusted(message, issuer, run.result) }
  }
  return { authority, challenge }
}

/** How an issuer that is not trusted would become trusted. */
function adviceFor({ issuers }: Trust): string {
  if (issuers) return `should it be in authorizationServers, which has ${issuers.join(', ') || 'no server'}?`
  return 'authorizationServers returns no server for it (allowPrivate)'
}

const untrusted = (message: string, issuer: string, response: unknown): UntrustedAuthorizationServerError =>
  new UntrustedAuthorizationServerError(message, { response, issuer })

/**
 * A challenge that names no issuer belongs to the one configured server of its scheme that may speak for the host. If
 * there is none, or more than one, nobody knows whose challenge it is.
 */
async function judgeWithoutIssuer<R>(
  trust: Trust,
  { host }: RequestRun<R>,
  answer: Answer,
  challenge: Challenge,
  scheme: Scheme,
): Promise<UsableChallenge | RefusedChallenge> {
  if (isRedirectedAway(answer, host)) return { issuer: scheme.name, reason: 'origin' }
  const speakers = await trust.speakersFor(host)
  const [authority, ...others] = speakers.filter((speaker) => speaker.scheme.name === scheme.name)
  if (!authority || others.length > 0) return { issuer: scheme.name, reason: 'issuer' }
  return { authority, challenge }
}
