/** The parts of `npm run test:mutation`: which mutants there are, and that one text holds all of them. */
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { findMutants } from '../../scripts/mutation/find.ts'
import { instrument } from '../../scripts/mutation/instrument.ts'
import { draw } from '../../scripts/mutation/mutant.ts'

const mutantsOf = (text: string) => findMutants('src/example.ts', text, 1)
const changes = (text: string) => mutantsOf(text).map(({ before, after }) => `${before} → ${after}`)

/** The function `f` of a text, with one mutant switched on (0: none). */
function compile(text: string, active: number): (...args: never[]) => unknown {
  const { outputText, diagnostics } = ts.transpileModule(instrument(text, mutantsOf(text)), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    reportDiagnostics: true,
  })
  expect(diagnostics).toEqual([])
  return new Function('__umaMutant', `${outputText}\nreturn f`)((id: number) => id === active)
}

/** What `f` gives with each mutant, by the mutant. */
function results(text: string, ...args: unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    mutantsOf(text).map(({ id, before, after }) => [`${before} → ${after}`, compile(text, id)(...(args as never[]))]),
  )
}

describe('findMutants', () => {
  test.each([
    ['a === b', ['a === b → a !== b']],
    ['a < b', ['a < b → a <= b', 'a < b → a >= b']],
    ['a && b', ['a && b → a || b']],
    ['a ?? b', ['a ?? b → a && b']],
    ['a + b', ['a + b → a - b']],
    ['a?.b.c', ['a?.b.c → a.b.c']],
    ['a.some(b)', ['a.some(b) → a.every(b)']],
    ['a.filter(b).c', ['a.filter(b).c → a.c']],
    ['!a', ['!a → !!(a)']],
    ["'x'", ["'x' → ''"]],
    ["''", ["'' → 'mutated'"]],
    ['true', ['true → false']],
    ['[a]', ['[a] → []']],
  ])('%s', (expression, expected) => {
    expect(changes(`const f = (a, b) => ${expression}`)).toEqual(expected)
  })

  test('statements and conditions', () => {
    expect(changes('function f(a) {\n  if (a) throw a\n  g(a)\n  return a\n}')).toEqual([
      'a → true',
      'a → false',
      'throw a → nothing',
      'g(a) → nothing',
      'a → undefined',
    ])
  })

  test('types, imports, names of properties, targets of assignments and messages of errors stay', () => {
    const text = `
      import { g } from './g.ts'
      export type { G } from './g.ts'
      type T = 'a' | 'b'
      const o = { 'k': g as 'a', 1: g }
      class E extends TypeError { code: 'a' | 'b' = g }
      const e = new TypeError('message')
      const e2 = new UmaError(\`a \${g}\`)`
    expect(changes(text)).toEqual([])
    expect(changes('function f(a) { [a.b] = a }')).toEqual(['[a.b] = a → nothing'])
  })

  test('the line is that of the change', () => {
    expect(mutantsOf('\n\nconst a = 1').map(({ line }) => line)).toEqual([3])
  })
})

describe('instrument', () => {
  const text = `
    function f(list: string[], limit?: { max: number }) {
      const seen: string[] = []
      for (const item of list) {
        if (item === '') continue
        else seen.push(item)
      }
      ;(list as unknown[]).length > 5 && seen.push('many')
      if (seen.length > (limit?.max ?? 2)) return 'full'
      return seen.filter((item) => item !== 'x').join('-')
    }`

  test('without a mutant the function is the same', () => {
    const f = compile(text, 0) as (list: string[], limit?: { max: number }) => unknown
    expect(f(['a', '', 'x'])).toBe('a')
    expect(f(['a', 'b', 'c'])).toBe('full')
    expect(f(['a', 'b', 'c'], { max: 3 })).toBe('a-b-c')
  })

  test('each mutant is the one change', () => {
    expect(results(text, ['a', '', 'x'], { max: 3 })).toMatchObject({
      "item === '' → item !== ''": '',
      "item === '' → true": '',
      "item === '' → false": 'a-',
      'continue → nothing': 'a',
      'seen.push(item) → nothing': '',
      "seen.filter((item) => item !== 'x').join('-') → seen.join('-')": 'a-x',
      "seen.filter((item) => item !== 'x').join('-') → undefined": undefined,
    })
  })

  test('a chain is changed as a whole', () => {
    const chain = 'function f(a) { return a?.b.c }'
    expect(results(chain, { b: { c: 1 } })).toEqual({ 'a?.b.c → a.b.c': 1, 'a?.b.c → undefined': undefined })
    expect(compile(chain, 0)(undefined as never)).toBeUndefined()
    const [, mutant] = mutantsOf(chain)
    expect(() => compile(chain, mutant?.id ?? 0)(undefined as never)).toThrow(TypeError)
  })
})

describe('draw', () => {
  const mutants = mutantsOf('const f = [1, 2, 3, 4, 5, 6, 7, 8, 9]')

  test('a seed draws the same sample again, another seed another one', () => {
    const ids = (seed: number) => draw(mutants, 4, seed).map(({ id }) => id)
    expect(ids(7)).toEqual(ids(7))
    expect(new Set(ids(7)).size).toBe(4)
    expect(ids(7)).not.toEqual(ids(8))
  })

  test('a sample that is larger than all takes all', () => {
    expect(draw(mutants, 1000, 1)).toEqual(mutants)
  })
})
