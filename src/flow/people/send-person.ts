import { abortable } from '../../async/abortable.ts'
import { deferred } from '../../async/deferred.ts'
import { loadPart, RedirectError } from '../../errors/index.ts'
import { endpointUrl, isPrivate } from '../../protocol/http/endpoint-url.ts'
import type { Authority } from '../../trust/authority.ts'
import type { FlowRun } from '../flow-run.ts'
import type { FlowInput } from '../inputs.ts'
import type { OpenedRedirect } from '../options.ts'
import { claimsInteraction, type Interaction } from './interaction.ts'
import { keepFlowOf } from './leaving.ts'
import { waitWhileAway } from './people-away.ts'
import { countRedirect, forgetRedirects } from './redirect-counts.ts'
import { refuseSharedRedirectUri } from './redirect-uris.ts'
import { checkReturn, newState } from './return-url.ts'

const loadSignIn = () => import('./sign-in-interaction.ts')

/** Sends the person to the authorization server for claims. */
export function redirectForClaims(run: FlowRun): Promise<FlowInput> {
  return interact(run, async () => claimsInteraction(run.target, run.flow))
}

/** Sends the person to the authorization server to sign in. */
export async function signInPerson(run: FlowRun): Promise<FlowInput> {
  const input = await interact(run, async () => {
    const { signInInteraction } = await loadPart('sign-in', loadSignIn)
    return signInInteraction(run.access, run.target, run.flow)
  })
  // The sign-in itself is the outcome: the next interaction may start.
  run.endInteraction()
  return input
}

/**
 * Performs one interaction of a party at one issuer at a time. If another one is under way, this function waits for it:
 * its outcome may be enough. An interaction lasts until its outcome was asked for, because only then the server has
 * issued what others can use, such as a PCT.
 */
async function interact(run: FlowRun, begin: () => Promise<Interaction>): Promise<FlowInput> {
  const { party, authority } = run.target
  const { issuer } = authority.server
  const { interactions } = party
  if (run.flow.interactive === false || !run.access.options.onRedirect) return { kind: 'not-interactive' }
  const other = interactions.get(issuer)
  if (other !== undefined) {
    await abortable(other, run.signal)
    return { kind: 'waited' }
  }
  const lasting = deferred<void>()
  const over = lasting.promise.then(() => void interactions.delete(issuer))
  interactions.set(issuer, over)
  run.endInteraction = () => lasting.resolve()
  return sendPerson(run, await begin())
}

async function sendPerson(run: FlowRun, interaction: Interaction): Promise<FlowInput> {
  const { access, target, flow, signal } = run
  const { issuer } = target.authority.server
  const { options } = access
  const lifetime = options.timeouts?.flow ?? 300_000
  // The code of the handler may have to be loaded. A person who is not sent away is not counted.
  const opened = await openRedirect(run)
  if (!(await countRedirect(target.party, target.place, flow.limits.rounds, lifetime))) {
    return { kind: 'redirect-loop' }
  }
  const redirectUri = opened.redirectUri ?? target.authority.server.redirectUri ?? options.redirectUri
  const broughtByHandler = opened.redirectUri !== undefined
  const unique = opened.uniqueRedirectUri === true
  await refuseSharedRedirectUri(
    access.trust,
    target.party.records,
    target.authority,
    { redirectUri, broughtByHandler, unique },
    lifetime,
  )
  const state = newState()
  const url = await interaction.url({ redirectUri, state })
  if (!url || !isSafeForPeople(target.authority, url.href)) {
    throw new RedirectError(`${issuer} wants to send people to a URL that is not safe`, { issuer })
  }
  const keepFlow = keepFlowOf(opened)
  await keepFlow?.(run, { interaction, state, redirectUri })
  run.say({ type: 'redirect' })
  const sent = opened.run({ ...run.context, url: url.href, state, redirectUri })
  const back = await abortable(keepFlow ? waitWhileAway(target.party, state, sent) : sent, signal)
  checkReturn(back, { state, redirectUri, issuer }, interaction.outOfBand)
  run.say({ type: 'redirect-returned' })
  const next = await interaction.accept(back, state)
  if (flow.goal === 'sign-in') await forgetRedirects(target.party, target.place)
  if (interaction.kind === 'sign-in') return { kind: 'signed-in' }
  return { kind: 'returned', state: next ?? {} }
}

async function openRedirect({ access, context, signal }: FlowRun): Promise<OpenedRedirect> {
  const handler = access.options.onRedirect
  if (!handler) throw new Error('There is no redirect handler')
  return typeof handler === 'function' ? { run: handler } : abortable(handler.open(context), signal)
}

/** Whether a server may send people to a URL. The scheme has decided whether plain http is allowed at all. */
const isSafeForPeople = ({ server, publicOnly }: Authority, url: string): boolean =>
  endpointUrl(url, server.issuer, true) !== undefined && !(publicOnly && isPrivate(url))
