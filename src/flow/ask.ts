import { sleep } from '../async/timers.ts'
import { sendAsk } from '../authorization-server/send-ask.ts'
import type { DescribedAnswer } from '../authorization-server/sent-secrets.ts'
import type { HeaderPatch } from '../bindings/binding.ts'
import { callBinding, checkedHeaders } from '../bindings/call-binding.ts'
import { findUmaError, NobodySignedInError, SchemeError } from '../errors/index.ts'
import { metadataOf } from '../parties/client-session.ts'
import type { AskStep, Scheme, SchemeFacts, SchemeInput, SchemeState, SchemeTurn } from '../schemes/scheme.ts'
import type { Rpt } from '../wallet/rpt.ts'
import { explainRefusal } from './explain-refusal.ts'
import type { FlowRun } from './flow-run.ts'
import type { FlowInput } from './inputs.ts'
import { takeStep } from './take-step.ts'

/** The most requests to the authorization server in one round: a scheme may need a few for one step. */
const maxAsks = 5

/** How long an upgrade waits for requests that were just sent again with the RPT, in milliseconds. */
const resendGrace = 250

/**
 * Uses the ticket: asks the authorization server as the scheme describes, reads the answer and stores what it brings.
 * An ask that was not sent, because nobody is signed in, leaves the flow as it was; so does a refusal of the party's own
 * token, because the server did not look at the ticket then.
 */
export async function askServer(run: FlowRun): Promise<FlowInput> {
  const { flow, target } = run
  const { scheme } = target.authority
  const state = flow.state ?? startState(run)
  run.metadata ??= await metadataOf(run.access, target.authority)
  const facts = schemeFacts(run)
  const upgrade = flow.rpt && target.party.wallet.byId(flow.rpt.id)
  if (upgrade) await letResendsGoFirst(run, upgrade)
  let turn = nextTurn(run, state, { begin: beginInput(run, upgrade) }, facts)
  for (let asks = 0; turn.step.kind === 'ask'; asks++) {
    if (asks >= maxAsks) throw new SchemeError(`The scheme ${scheme.name} asks more than ${maxAsks} times in a round`)
    const answer = await askOnce(run, turn.step, upgrade)
    if (answer === 'nobody-signed-in') return { kind: 'nobody-signed-in' }
    const isTokenRefused = answer.status === 401 && run.partyToken !== undefined
    // The client authenticates by the party's token (`bearer()`): the scheme knows nothing of this token.
    if (isTokenRefused && turn.step.by === 'client') return { kind: 'token-refused' }
    turn = nextTurn(run, turn.state, { answer }, facts)
    if (isTokenRefused && turn.step.kind === 'sign-in' && !turn.step.acr) return { kind: 'token-refused' }
    if ('error' in turn.step) turn = { ...turn, step: explainRefusal(run, turn.step, answer) }
    run.claim = undefined
  }
  run.say({ type: 'token-answer', step: turn.step.kind })
  return takeStep(run, turn.state, turn.step, upgrade)
}

function schemeFacts({ target, metadata }: FlowRun): SchemeFacts {
  const { server, client } = target.authority
  return {
    issuer: server.issuer,
    metadata: metadata as NonNullable<typeof metadata>,
    clientId: client.id,
    resource: target.place.url,
    unchangedTicket: server.unchangedTicket === true,
  }
}

function beginInput({ flow, target, claim }: FlowRun, upgrade: Rpt | undefined) {
  const { authority, party } = target
  return {
    rpt: upgrade?.grant.token,
    pct: flow.without.includes('pct') ? undefined : party.pcts.get(authority.key),
    claim,
    scope: flow.scope,
    parameters: { ...authority.server.parameters, ...flow.parameters },
  }
}

/** The scheme's state at the start, from the challenge of the leader. */
function startState({ shared, target }: FlowRun): SchemeState {
  const { scheme, server } = target.authority
  if (!shared.leader) throw new Error('A flow that asks has a challenge')
  let state: SchemeState
  try {
    state = scheme.start(shared.leader.challenge)
  } catch (cause) {
    throw findUmaError(cause) ?? schemeFailed(scheme, server.issuer, 'threw an error', cause)
  }
  if (!isObject(state)) throw schemeFailed(scheme, server.issuer, 'returned no state')
  return state
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

const schemeFailed = (scheme: Scheme, issuer: string, what: string, cause?: unknown): SchemeError =>
  new SchemeError(`The scheme ${scheme.name} ${what}`, { issuer, cause })

/** Asks the scheme for the next turn, and checks that the scheme returned one. */
function nextTurn(run: FlowRun, state: SchemeState, input: SchemeInput, facts: SchemeFacts): SchemeTurn {
  const { scheme, server } = run.target.authority
  let turn: SchemeTurn
  try {
    turn = scheme.next(state, input, facts)
  } catch (error) {
    throw findUmaError(error) ?? schemeFailed(scheme, server.issuer, 'threw an error', error)
  }
  const kind = (turn as SchemeTurn | undefined)?.step?.kind
  if (typeof kind !== 'string' || !isObject(turn.state)) {
    throw schemeFailed(scheme, server.issuer, 'returned no state and step')
  }
  return turn
}

/** Sends one request, and once more if the binding's nonce was missing. */
async function askOnce(
  run: FlowRun,
  step: AskStep,
  upgrade: Rpt | undefined,
): Promise<DescribedAnswer | 'nobody-signed-in'> {
  const { binding, server } = run.target.authority
  const answer = await send(run, step, upgrade)
  if (answer === 'nobody-signed-in' || !binding.answered) return answer
  const request = { method: 'POST', url: step.endpoint }
  const needsNonce = await callBinding(binding, () => binding.answered?.(answer, request), server.issuer)
  if (needsNonce !== true) return answer
  const second = await send(run, step, upgrade)
  if (second !== 'nobody-signed-in')
    await callBinding(binding, () => binding.answered?.(second, request), server.issuer)
  return second
}

async function send(
  run: FlowRun,
  step: AskStep,
  upgrade: Rpt | undefined,
): Promise<DescribedAnswer | 'nobody-signed-in'> {
  const { target, access, context, shared, claim, flow } = run
  const { client, scheme } = target.authority
  const { leader } = shared
  run.partyToken = undefined
  try {
    const connection = { caller: access.caller, metadata: schemeFacts(run).metadata, client, context }
    return await sendAsk(connection, step, {
      bearer: step.by === 'party' ? await context.accessToken() : undefined,
      extraHeaders: await proofHeaders(run, step.endpoint),
      allowInsecureHttp: scheme.allowInsecureHttp,
      onSend: () => {
        if (leader && !flow.state) leader.ticketUsed = true
        const pct = !flow.without.includes('pct') && target.party.pcts.has(target.authority.key)
        run.say({ type: 'token-request', rpt: upgrade !== undefined, pct, claim: claim !== undefined })
      },
    })
  } catch (error) {
    if (error instanceof NobodySignedInError) return 'nobody-signed-in'
    throw error
  }
}

async function proofHeaders(run: FlowRun, url: string): Promise<HeaderPatch | undefined> {
  const { binding, server } = run.target.authority
  if (!binding.presentTokenRequest) return undefined
  return callBinding(
    binding,
    async () => checkedHeaders(await binding.presentTokenRequest?.({ method: 'POST', url })),
    server.issuer,
  )
}

/**
 * An upgrade may revoke the token that other requests are about to present. Requests that were just granted something
 * go first, for a moment.
 */
async function letResendsGoFirst({ access, target, signal }: FlowRun, upgrade: Rpt): Promise<void> {
  if (access.flowsUnderWay(target) <= 1 && upgrade.sends.size === 0) return
  await sleep(0, signal)
  if (upgrade.sends.size === 0) return
  const grace = new AbortController()
  try {
    await Promise.race([Promise.allSettled(upgrade.sends), sleep(resendGrace, grace.signal)])
  } finally {
    grace.abort()
  }
}
