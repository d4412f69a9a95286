import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RequiredClaim } from '../../../src/errors/index.ts'
import { createFlow, type Flow, type FlowLimits } from '../../../src/flow/flow.ts'
import type { FlowInput, FlowInputKind } from '../../../src/flow/inputs.ts'
import { type FlowTurn, firstEffect, transition, transitions } from '../../../src/flow/transitions.ts'
import { base, inputKinds, newRpt, newState, sampleInputs } from './kit.ts'

const limits: fc.Arbitrary<FlowLimits> = fc.record({
  rounds: fc.nat({ max: 5 }),
  polls: fc.nat({ max: 5 }),
  pollInterval: fc.integer({ min: 1, max: 10 }),
  minPollInterval: fc.integer({ min: 1, max: 10 }),
  redirect: fc.boolean(),
  pushClaims: fc.boolean(),
})

/** Every input, with every part that the table decides on. A digest is often one that the flow has seen. */
const anyInput: fc.Arbitrary<FlowInput> = fc.oneof<fc.Arbitrary<FlowInput>[]>(
  fc.constantFrom(...inputKinds.map((kind): FlowInput => sampleInputs[kind])),
  fc.record({
    kind: fc.constant('claims' as const),
    state: fc.constant(newState),
    requiredClaims: fc.constantFrom<RequiredClaim[]>([], sampleInputs.claims.requiredClaims),
    redirectUser: fc.constantFrom(undefined, 'https://as.example/place'),
  }),
  fc.record({ kind: fc.constant('claim' as const), digest: fc.constantFrom('a', 'b', 'c') }),
  fc.record({
    kind: fc.constant('wait' as const),
    state: fc.constant(newState),
    seconds: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('issued' as const), rpt: fc.constant(newRpt), canSend: fc.boolean() }),
  fc.record({ kind: fc.constant('lost' as const), next: fc.boolean() }),
)

const start = (bounds: FlowLimits): Flow =>
  createFlow({
    id: 1,
    issuer: base.issuer,
    client: base.client,
    party: base.party,
    place: base.place,
    scheme: base.scheme,
    scope: undefined,
    parameters: undefined,
    interactive: undefined,
    epoch: 0,
    deadline: base.deadline,
    limits: bounds,
  })

/** The legal turns of a flow, from its start, for a list of inputs. Inputs that the flow does not expect are left out. */
function turnsOf(flow: Flow, inputs: Iterable<FlowInput>, most: number): FlowTurn[] {
  const turns: FlowTurn[] = []
  let current = flow
  for (const input of inputs) {
    if (turns.length === most || hasEnded(current)) return turns
    if (!(input.kind in transitions[current.at])) continue
    if (input.kind === 'worth-trying' && current.triedNewest) continue
    const turn = transition(current, input)
    turns.push(turn)
    current = turn.flow
  }
  return turns
}

const hasEnded = ({ at }: Flow): boolean => at === 'granted' || at === 'failed'
const effectsOf = (turns: FlowTurn[], kind: string): number =>
  turns.filter((turn) => 'effect' in turn && turn.effect.kind === kind).length
const resendsOf = (turns: FlowTurn[], reason: string): number =>
  turns.filter(
    (turn) =>
      'directive' in turn &&
      turn.directive.kind === 'resend' &&
      turn.directive.reason === reason &&
      turn.directive.report,
  ).length

/** The inputs that take a flow back without using up a bound. The interpreter bounds them, by participants and time. */
const boundElsewhere: ReadonlySet<FlowInputKind> = new Set(['waited'])
/** The most turns of a flow: each answer of the server that does not end the flow uses up one of the bounds. */
const mostTurns = ({ rounds, polls }: FlowLimits): number => 6 * (rounds + polls + 4)

describe('any legal sequence of inputs', () => {
  test('keeps within the bounds, and stays plain JSON', () => {
    fc.assert(
      fc.property(limits, fc.array(anyInput, { size: '+2' }), (bounds, inputs) => {
        const turns = turnsOf(start(bounds), inputs, Number.POSITIVE_INFINITY)
        for (const { flow } of turns) {
          expect(flow.rounds).toBeGreaterThanOrEqual(0)
          expect(flow.rounds).toBeLessThanOrEqual(bounds.rounds + 1)
          if (flow.rounds > bounds.rounds) expect(flow.at).toBe('failed')
          expect(flow.polls).toBeLessThanOrEqual(bounds.polls)
          expect(flow.recoveries).toBeLessThanOrEqual(1)
          expect(flow.limits).toEqual(bounds)
          expect(JSON.parse(JSON.stringify(flow))).toEqual(flow)
        }
        expect(effectsOf(turns, 'wait')).toBeLessThanOrEqual(bounds.polls)
        expect(effectsOf(turns, 'refresh')).toBeLessThanOrEqual(1)
        expect(resendsOf(turns, 'fresh-ticket')).toBeLessThanOrEqual(1)
        expect(resendsOf(turns, 'granted')).toBeLessThanOrEqual(1)
      }),
      { numRuns: 2000 },
    )
  })

  test('sends a person away at most as often as there are rounds', () => {
    fc.assert(
      fc.property(limits, fc.array(anyInput, { size: '+2' }), (bounds, inputs) => {
        const using = inputs.filter(({ kind }) => !boundElsewhere.has(kind))
        const turns = turnsOf(start(bounds), using, Number.POSITIVE_INFINITY)
        expect(effectsOf(turns, 'redirect-person') + effectsOf(turns, 'sign-in')).toBeLessThanOrEqual(bounds.rounds)
      }),
      { numRuns: 1000 },
    )
  })
})

test('the newest RPT is tried once', () => {
  const tried: Flow = { ...base, triedNewest: true }
  expect(() => transition(tried, sampleInputs['worth-trying'])).toThrow('A flow tries the newest RPT once')
})

describe('a flow ends', () => {
  /** The inputs that end a flow at once would hide the bounds. */
  const ending: ReadonlySet<FlowInputKind> = new Set(['held', 'granted', 'denied', 'signed-out', 'settled', 'error'])
  const lasting = inputKinds.filter((kind) => !boundElsewhere.has(kind) && !ending.has(kind))
  const inputs: FlowInput[] = [
    ...lasting.map((kind): FlowInput => sampleInputs[kind]),
    { kind: 'claims', state: newState, requiredClaims: [], redirectUser: 'https://as.example/place' },
    { kind: 'claim', digest: 'another-digest' },
  ]

  /** Goes on until the flow has ended: each turn takes one of the inputs that the flow expects. */
  function runToEnd(flow: Flow, choices: number[], most: number): FlowTurn[] {
    const turns: FlowTurn[] = []
    let current = flow
    while (!hasEnded(current) && turns.length < most) {
      const { at, triedNewest } = current
      const legal = inputs.filter(({ kind }) => kind in transitions[at] && !(kind === 'worth-trying' && triedNewest))
      const choice = choices[turns.length % choices.length] ?? 0
      const turn = transition(current, legal[choice % legal.length] as FlowInput)
      turns.push(turn)
      current = turn.flow
    }
    return turns
  }

  test('within a number of turns that its bounds give, whatever inputs are repeated', () => {
    let longest = 0
    fc.assert(
      fc.property(limits, fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 40 }), (bounds, choices) => {
        const turns = runToEnd(start(bounds), choices, mostTurns(bounds) + 1)
        longest = Math.max(longest, turns.length)
        expect(turns.length).toBeLessThanOrEqual(mostTurns(bounds))
        expect(hasEnded(turns.at(-1)?.flow as Flow)).toBe(true)
      }),
      { numRuns: 3000 },
    )
    // The sequences that were drawn do come near the bounds.
    expect(longest).toBeGreaterThan(20)
  })

  const bounds: FlowLimits = { ...base.limits, rounds: 3, polls: 4 }
  const { redirectUser } = base
  test.each<[string, FlowInput[], string, number]>([
    [
      'claims',
      [{ ...sampleInputs.claims, requiredClaims: [], redirectUser }, sampleInputs.returned],
      'rounds-used-up',
      3,
    ],
    ['sign-ins', [sampleInputs['sign-in'], sampleInputs['signed-in']], 'sign-in-insufficient', 3],
    ['nobody signed in', [sampleInputs['nobody-signed-in'], sampleInputs['signed-in']], 'sign-in-insufficient', 3],
    ['polls', [sampleInputs.wait, sampleInputs.elapsed], 'polls-used-up', 4],
    ['refused tokens', [sampleInputs['token-refused'], sampleInputs.refreshed], 'token-refused', 1],
    ['fresh tickets', [sampleInputs.again, sampleInputs.challenged], 'thrown', 1],
  ])('when %s are repeated', (_name, cycle, failure, times) => {
    const whole = [sampleInputs['nothing-held'], ...cycle]
    const turns = turnsOf(start(bounds), Array.from({ length: 20 }, () => whole).flat(), 100)
    expect(turns.at(-1)).toMatchObject({ flow: { at: 'failed' }, directive: { kind: 'fail', failure } })
    expect(turns).toHaveLength(whole.length * times + 2)
  })

  test('when claims with new digests are repeated', () => {
    const inputs = Array.from({ length: 20 }, (_, turn): FlowInput[] => [
      sampleInputs['nothing-held'],
      sampleInputs.claims,
      { kind: 'claim', digest: `digest ${turn}` },
    ]).flat()
    const turns = turnsOf(start(bounds), inputs, 100)
    expect(turns).toHaveLength(3 * 3 + 2)
    expect(turns.at(-1)).toMatchObject({ directive: { kind: 'fail', failure: 'rounds-used-up' } })
  })

  test('when RPTs without a ticket are repeated: the second RPT is used', () => {
    const cycle = [sampleInputs['nothing-held'], sampleInputs.issued, sampleInputs.challenged]
    const turns = turnsOf(start(bounds), [...cycle, ...cycle], 100)
    expect(turns).toHaveLength(5)
    expect(turns.at(-1)).toMatchObject({ flow: { at: 'granted' }, directive: { kind: 'resend', report: false } })
  })
})

describe('the first effect', () => {
  test('of a new flow is a look into the wallet', () => {
    expect(firstEffect(start(base.limits))).toEqual({ kind: 'look' })
  })

  test('of a flow that sends claims first is a claim', () => {
    const flow = start({ ...base.limits, pushClaims: true })
    expect(flow).toMatchObject({ at: 'claims', pushClaims: true })
    expect(firstEffect(flow)).toEqual({ kind: 'supply-claim' })
  })
})
