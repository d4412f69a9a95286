import { bare } from '../events.ts'
import type { Answer } from '../protocol/http/answer.ts'
import { saysAuthorizationServerUnreachable } from '../protocol/http/warning.ts'
import type { Trust } from '../trust/trust.ts'
import type { RequestRun } from './request-run.ts'

const exposeHint = 'A page sees the challenge only if the host sends Access-Control-Expose-Headers: WWW-Authenticate'
const bearerHint =
  'This host answered without a UMA challenge. Some hosts challenge only requests that carry an access token, and some ' +
  'answer 403 to anonymous requests. Check the configuration of the host'

/** Tells why an answer cannot be acted upon, as far as it can be known. */
export async function reportNoChallenge<R>(
  trust: Trust,
  run: RequestRun<R>,
  answer: Answer,
  hasListener: boolean,
): Promise<void> {
  const { status, headers } = answer
  const { place, host, tell } = run
  const resource = bare(place.url)
  if (saysAuthorizationServerUnreachable(headers.get('warning'))) {
    return tell({ type: 'authorization-server-unreachable', resource })
  }
  if (status !== 401 && status !== 403) return
  const isCrossOrigin = (globalThis.location?.origin ?? host) !== host
  if (status === 401 && isCrossOrigin && !headers.has('www-authenticate')) {
    tell({ type: 'challenge-unreadable', resource, hint: exposeHint })
    if (!hasListener) console.warn(`uma-requester: ${host}: ${exposeHint}`)
    return
  }
  if (!hasListener || (await trust.speakersFor(host)).length === 0) return
  tell({ type: 'no-challenge', resource, method: place.method, status, hint: bearerHint })
}
