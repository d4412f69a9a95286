import {
  findUmaError,
  InteractionRequiredError,
  InvalidStateError,
  loadPart,
  NeedInfoError,
  RedirectError,
  RedirectNeededError,
  RequestDeniedError,
  RequestSubmittedError,
  UmaError,
  UntrustedAuthorizationServerError,
} from '../../errors/index.ts'
import type { Tell } from '../../events.ts'
import { readEpoch } from '../../parties/epoch.ts'
import type { Party } from '../../parties/party.ts'
import { type Authority, signInOf } from '../../trust/authority.ts'
import type { Flow } from '../flow.ts'
import type { FlowAccess } from '../flow-run.ts'
import type { FlowTarget } from '../flow-target.ts'
import type { Flows } from '../flows.ts'
import type { FlowInput } from '../inputs.ts'
import { transition } from '../transitions.ts'
import { type ReturnOutcome, rememberedReturn, rememberReturn } from './finished-returns.ts'
import { claimsInteraction, type Interaction } from './interaction.ts'
import { notOurs, type PendingFlow, type PendingRequest, takePending } from './pending.ts'
import { continued, endWhileAway } from './people-away.ts'
import { handToOpener } from './popup-channel.ts'
import { forgetRedirects } from './redirect-counts.ts'
import { checkReturn } from './return-url.ts'

/** A return that was finished just now. */
export interface FinishedReturn {
  /**
   * The kind of return: `'code'` after a sign-in. After claims, the first parameter that came: `'ticket'` (UMA 2.0),
   * `'authorization_state'` (UMA 1), `'x-oauth_access_granted'`, `'x-oauth_access_req'` or `'claim_status'` (Puma), or
   * only an `'error'`.
   */
  kind: string
  /**
   * The request that the person was sent away for. Sent again now, it finds the token in the wallet. Absent after
   * `requester.signIn()`.
   */
  request?: PendingRequest | undefined
  finished?: undefined
}

/**
 * A return that is finished elsewhere: it was finished less than 10 minutes ago (the callback page was reloaded or
 * rendered twice), or this page is the popup of a `popupRedirect`.
 */
export interface RepeatedReturn {
  finished: true
  /** The page that opened this popup has taken the URL, and goes on with the flow. This window closes. */
  handedOver?: true
  kind?: undefined
  request?: undefined
}

/** The parts of a requester that `handleCallback` uses. */
export interface CallbackAccess extends Omit<FlowAccess, 'flowsUnderWay'> {
  flows: Flows
  /** Returns that are being handled, by party and state. */
  returning: Map<string, Promise<FinishedReturn | RepeatedReturn>>
}

/** A return of a person. */
export interface Return {
  /** The URL that the person came back on, or its path and query, which are resolved against the redirect URI. */
  url: string
  /** Whether this page was opened on the URL. */
  isThisPage: boolean
}

/**
 * Finishes the flow of a person who came back. The same return at the same time gives the same promise.
 *
 * @throws InvalidStateError, RedirectError, RedirectNeededError, UmaError, with `request` and `kind`
 */
export function finishReturn(
  access: CallbackAccess,
  party: Party,
  back: Return,
  tell: Tell,
): Promise<FinishedReturn | RepeatedReturn> {
  const state = parametersOf(back.url).get('state') ?? ''
  const key = JSON.stringify([party.name, state])
  const { returning } = access
  const promise =
    returning.get(key) ?? handleReturn(access, party, back, state, tell).finally(() => returning.delete(key))
  returning.set(key, promise)
  return promise
}

const parametersOf = (url: string): URLSearchParams =>
  URL.parse(url, 'http://localhost')?.searchParams ?? new URLSearchParams()

async function handleReturn(
  access: CallbackAccess,
  party: Party,
  { url, isThisPage }: Return,
  state: string,
  tell: Tell,
): Promise<FinishedReturn | RepeatedReturn> {
  const { options } = access
  await readEpoch(party)
  const before = await rememberedReturn(party, state)
  if (before) return repeat(before)
  const longest = options.timeouts?.flow ?? 300_000
  const pending = await takePending(party, state, longest, (one) => loadForReturn(access, one))
  if (!pending) {
    // A flow that no storage keeps may wait in the page that opened this popup.
    if (isThisPage && (await handToOpener(url, state))) return { finished: true, handedOver: true }
    throw notOurs()
  }
  endWhileAway(party, state, pending.flow.issuer)
  const request = requestOf(pending)
  const kind = kindOf(pending, url, access)
  try {
    await finish(access, party, pending, url, state, tell)
    await rememberReturn(party, state, { finished: true })
    return { kind, request }
  } catch (error) {
    const known = findUmaError(error)
    if (!known) throw error
    const outcome: ReturnOutcome = isSentAwayAgain(known) ? { finished: true } : { code: known.code }
    if (pending.flow.epoch === party.epoch) await rememberReturn(party, state, outcome)
    // Not enumerable: the URL of a request may hold secrets of the application.
    throw Object.defineProperties(known, { request: { value: request }, kind: { value: kind } })
  }
}

/** Whether the return is finished, although its flow is not: the flow has sent the person away once more. */
function isSentAwayAgain(error: UmaError): boolean {
  return error instanceof RedirectNeededError || error.reason === continued
}

/** The outcome of a return that came before. A failure is repeated with the same code. */
function repeat(outcome: ReturnOutcome): RepeatedReturn {
  if ('finished' in outcome) return { finished: true }
  const classes = [
    InvalidStateError,
    RedirectError,
    NeedInfoError,
    InteractionRequiredError,
    RequestDeniedError,
    RequestSubmittedError,
    UntrustedAuthorizationServerError,
  ]
  const message = 'This return failed before; send the request again'
  const errors = classes.map((ErrorClass) => new ErrorClass(message))
  throw errors.find(({ code }) => code === outcome.code) ?? new UmaError(message, { code: outcome.code })
}

function requestOf({ flow, stored }: PendingFlow): PendingRequest | undefined {
  if (flow.goal === 'sign-in') return undefined
  const { method, url, operation } = flow.place
  return { method, url, ...(operation !== undefined && { operation }), ...(stored && { stored }) }
}

function kindOf({ flow, signIn }: PendingFlow, url: string, { trust }: CallbackAccess): string {
  if (signIn) return 'code'
  const scheme = trust.schemes.find(({ name }) => name === flow.scheme)
  const came = parametersOf(url)
  return (scheme?.redirect?.parameters ?? ['ticket', 'error']).find((name) => came.has(name)) ?? 'ticket'
}

async function finish(
  access: CallbackAccess,
  party: Party,
  pending: PendingFlow,
  url: string,
  state: string,
  tell: Tell,
): Promise<void> {
  const { flow, signIn } = pending
  const authority = await trustedAuthority(access, party, flow)
  const { issuer, place, scope, parameters, interactive, redirectUri } = flow
  const host = new URL(place.url).origin
  const uma = { scope, parameters, interactive }
  const target: FlowTarget = { party, authority, place, host, uma, stored: () => pending.stored, tell }
  const back = URL.canParse(url) ? url : (URL.parse(url, redirectUri)?.href ?? url)
  try {
    const interaction = await interactionOf(access, target, pending)
    checkReturn(back, { state, redirectUri, issuer }, false)
    const next = await interaction.accept(back, state)
    if (flow.goal === 'sign-in') return forgetRedirects(party, place)
    const input: FlowInput = signIn ? { kind: 'signed-in' } : { kind: 'returned', state: next ?? {} }
    await access.flows.resume(target, transition(flow, input).flow)
  } catch (error) {
    // The person was there for a client that is forgotten. The request that is sent again is another client's.
    await access.trust.reregisterIfForgotten(authority, error).catch(() => {})
    throw error
  }
}

/** The interaction that the person was away for. */
async function interactionOf(
  access: CallbackAccess,
  target: FlowTarget,
  { flow, signIn }: PendingFlow,
): Promise<Interaction> {
  if (!signIn) return claimsInteraction(target, flow)
  const { signInInteraction } = await loadPart('sign-in', loadSignIn)
  return signInInteraction(access, target, flow, signIn.memo)
}

const loadSignIn = () => import('./sign-in-interaction.ts')

/** Loads the code that a return from a sign-in needs. @throws LoadError; the flow then waits for another attempt */
async function loadForReturn({ trust }: CallbackAccess, { flow, signIn }: PendingFlow): Promise<void> {
  if (!signIn) return
  const authority = await trust.find(flow.issuer, flow.place.url, flow.client)
  const code = authority && signInOf(authority)
  await loadPart('sign-in', () => Promise.all([loadSignIn(), code?.load()]))
}

/** The authority of a flow that waited: the same server, client, scheme and party as before. */
async function trustedAuthority({ trust }: CallbackAccess, party: Party, flow: Flow): Promise<Authority> {
  const { issuer, client, scheme, place } = flow
  const host = new URL(place.url).origin
  const authority = await trust.find(issuer, place.url, client)
  const isOther = authority !== undefined && authority.client.id !== client
  const mayBeReplaced = !isOther || authority.dynamic !== undefined
  const isAllowed = authority && (flow.goal === 'sign-in' || (await authority.speaksFor(host)))
  if (!authority || !mayBeReplaced || authority.scheme.name !== scheme || !isAllowed) {
    throw new UntrustedAuthorizationServerError(`${issuer} is not trusted any more for ${host}`, { issuer })
  }
  const gone = (what: string): InvalidStateError => new InvalidStateError(`${what}; send the request again`, { issuer })
  if (isOther) throw gone('The client was replaced while the person was away')
  if (flow.epoch !== party.epoch) throw gone('Signed out meanwhile')
  return authority
}
