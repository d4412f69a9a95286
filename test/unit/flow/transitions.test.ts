import { describe, expect, test } from 'vitest'
import type { Flow, FlowStateName } from '../../../src/flow/flow.ts'
import type { FlowInputKind } from '../../../src/flow/inputs.ts'
import { transition, transitions } from '../../../src/flow/transitions.ts'
import { base, deepFreeze, type ExpectedRow, inputKinds, sampleInputs, states } from './kit.ts'
import { askRows } from './rows/ask.ts'
import { lookRows, sendRows, waitRows } from './rows/look-send-wait.ts'
import { claimsRows, personRows, refreshRows, signInRows } from './rows/people.ts'

const expectedRows: ExpectedRow[] = [
  ...lookRows,
  ...askRows,
  ...sendRows,
  ...claimsRows,
  ...personRows,
  ...signInRows,
  ...refreshRows,
  ...waitRows,
]

const nameOf = (state: FlowStateName, kind: FlowInputKind): string => `${state} + ${kind}`
const expectedNames = new Set(expectedRows.map(({ at, input }) => nameOf(at, input.kind)))

describe('legal transitions', () => {
  test.each(expectedRows)('$at + $input.kind: $when', ({ at, given, input, changes, outcome }) => {
    const before: Flow = deepFreeze(structuredClone({ ...base, at, ...given }))
    const turn = transition(before, deepFreeze(structuredClone(input)))
    // A member that is `undefined` in the expectation must be absent, or `undefined`: JSON knows no difference.
    expect(turn).toEqual({ flow: { ...before, ...changes }, ...outcome })
    expect(JSON.parse(JSON.stringify(turn.flow))).toEqual(turn.flow)
  })

  test('the hand-written rows are the rows of the table', () => {
    const tableNames = states.flatMap((state) =>
      (Object.keys(transitions[state]) as FlowInputKind[]).map((kind) => nameOf(state, kind)),
    )
    expect(Object.keys(transitions).sort()).toEqual([...states].sort())
    expect(tableNames.sort()).toEqual([...expectedNames].sort())
  })
})

describe('all other pairs of state and input', () => {
  const pairs = states.flatMap((at) => inputKinds.map((kind) => ({ at, kind })))
  const throwing = pairs.filter(({ at, kind }) => !expectedNames.has(nameOf(at, kind)))

  test.each(throwing)('$at + $kind throws and names both', ({ at, kind }) => {
    const flow = deepFreeze(structuredClone({ ...base, at }))
    expect(() => transition(flow, sampleInputs[kind])).toThrow(
      new Error(`A flow in the state ${at} does not expect the input ${kind}`),
    )
  })

  test('states x inputs = legal + throwing', () => {
    const legal = pairs.length - throwing.length
    console.info(
      `${states.length} states x ${inputKinds.length} inputs = ${legal} legal + ${throwing.length} throwing ` +
        `(${expectedRows.length} expectations)`,
    )
    expect([states.length, inputKinds.length, legal, throwing.length]).toEqual([10, 27, 38, 232])
  })
})
