/** Every citation in the repository can be followed: the id, the document or the file is there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Known, unfollowable } from './citations.ts'
import { root } from './sources.ts'
import { paths, textFiles } from './text-files.ts'

interface Requirement {
  id: string
  section: string
  sentence: string
  role: string
  wire: boolean
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const requirements: Requirement[] = JSON.parse(read('docs/requirements.json'))
const findings = [...read('docs/regressions.md').matchAll(/^\| ([SREH]\d+|N) \|/gm)].map(([, id = '']) => id)

const known: Known = {
  requirements: new Set(requirements.map(({ id }) => id)),
  findings: new Set(findings),
  paths,
}

/** Pictures and pages contain curves such as `C.5.2`; the detector and its tests contain wrong citations on purpose,
 * and the tests of scripts name files that they make up. */
const isProse = ({ path }: { path: string }): boolean =>
  !/\.(svg|html|css)$/.test(path) && !/^test\/(house\/citations\.|scripts\/)/.test(path)

test('every cited id, document and file is in the repository', () => {
  const problems = textFiles
    .filter(isProse)
    .flatMap(({ path, text }) =>
      unfollowable(path, text, known).map(({ line, cited, reason }) => `${path}:${line}: ${cited}: ${reason}`),
    )
  expect(problems).toEqual([])
})

describe('docs/requirements.json', () => {
  test('has each id once', () => {
    expect(requirements.length).toBeGreaterThan(200)
    expect(known.requirements.size).toBe(requirements.length)
  })

  test('has a section, one sentence, a role and a wire flag for each requirement', () => {
    const roles = ['client', 'host', 'authorization-server', 'both']
    const isWellFormed = ({ id, section, sentence, role, wire }: Requirement): boolean =>
      unfollowable('x', id, known).length === 0 &&
      section.length > 3 &&
      /^[A-Z`].*\.$/.test(sentence) &&
      sentence.length <= 200 &&
      roles.includes(role) &&
      typeof wire === 'boolean'
    expect(requirements.filter((requirement) => !isWellFormed(requirement))).toEqual([])
  })
})

test('docs/regressions.md has each id once, without gaps', () => {
  const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, index) => letter + (index + 1))
  const expected = [...numbered('S', 11), ...numbered('R', 17), ...numbered('E', 11), ...numbered('H', 13), 'N']
  expect(findings).toEqual(expected)
})

describe('the detector', () => {
  const small: Known = {
    requirements: new Set(['G-3.3.1-c', 'G-3.3.1-d', 'F-R-j', 'F-3.2.1', 'U1-7.1-a', 'P-6', 'H-1', 'O-20']),
    findings: new Set(['S1', 'S2', 'R14', 'H1', 'N']),
    paths: ['src/flow/step.ts', 'docs/decisions/0001-one.md', 'docs/images/a.png', 'test/helpers/as/quirks.ts'],
  }
  const cited = (text: string, path = 'test/a.test.ts') =>
    unfollowable(path, text, small).map((problem) => problem.cited)

  test.each([
    'G-3.3.1-c, F-R-j: both',
    '(U1-7.1-a, P-6; H-1). O-20',
    'F-3.2.1.',
    'the curve P-256, P-384 or P-521',
    'UTF-8, HTTP-1, X-H-1, H-1b, P-6-x-y',
    'UMA 2.0 Grant §3.3.1, FedAuthz §4, RFC 6749 §3.2, RFC 6749, appendix B; OpenID Connect Core 3.1.3',
    "test('S1: a host', run)",
    "test('S1, S2: two', run)",
    '// finding R14, findings S1 and S2, Finding N',
    'S99, R99: ciphers and the like',
    'see docs/decisions/0001-one.md, docs/decisions/0001 and src/flow/step.ts',
    ' * as flow/step.ts says, and step.ts',
    "const code = { 'made-up.ts': 1, href: 'https://example.com/src/x.ts' }",
    'src/gone.ts.txt is another file',
    'dist/index.js and src/**/*.ts and docs/api/',
    'https://example.com/checklist/DESIGN.md',
    'Keycloak issue #30779 says; servers issue 2 tokens',
    'seed: 4, quirks: {}, DESIGNED, redesign',
    'version 2.1, v1.2.3, 1.F.2',
  ])('accepts %j', (text) => expect(cited(text)).toEqual([]))

  test.each([
    ['G-3.3.1: no letter', ['G-3.3.1']],
    ['G-3.3.1-z and G-9-a', ['G-3.3.1-z', 'G-9-a']],
    ['F-R, U1-9-a, P-99, H-99, O-1', ['F-R', 'U1-9-a', 'P-99', 'H-99', 'O-1']],
    ['(G-3.3.1-c, d)', ['G-3.3.1-c, d']],
    ['G-3.3.1-c to i).', ['G-3.3.1-c to i']],
    ["test('S99: a host', run)", ['S99']],
    ["('S1, R99: two', run)", ['R99']],
    ['// finding S12, findings S1 and R18', ['S12', 'R18']],
    ['DESIGN §4', ['DESIGN §4']],
    ['the design, §4', ['design, §4']],
    ['the checklist A.5', ['checklist A.5']],
    ['as C.1.2 says (B.4)', ['C.1.2', 'B.4']],
    ['vectors of section D', ['section D']],
    ['quirk 17, quirks 17 to 19', ['quirk 17', 'quirks 17']],
    ['platform-traps 1.3', ['platform-traps']],
    ['seed 003 (issue 4; issue: recovery)', ['seed 003', 'issue 4']],
    ['(issue: recovery)', ['(issue:']],
    ['findings.md and docs/gone.md', ['findings.md', 'docs/gone.md']],
    ['(docs/decisions/0002)', ['docs/decisions/0002']],
    ['src/gone.ts', ['src/gone.ts']],
    [' * as gone.ts says', ['gone.ts']],
    ['call() // as flow/gone.ts says', ['flow/gone.ts']],
  ])('reports %j', (text, expected) => expect(cited(text).sort()).toEqual([...expected].sort()))

  test('links in Markdown lead to files', () => {
    const links = '[a](docs/images/a.png) [b](docs/decisions) [c](#part) [d](https://x.example) [e](docs/gone.png)'
    expect(cited(links, 'README.md')).toEqual(['docs/gone.png'])
    expect(cited('[a](0001-one.md) [b](0002-two.md#part)', 'docs/decisions/README.md')).toEqual(['0002-two.md'])
  })

  test('tells the line', () => {
    expect(unfollowable('a.ts', 'one\ntwo F-9\n', small)).toEqual([
      { line: 2, cited: 'F-9', reason: 'this id is not in docs/requirements.json' },
    ])
  })
})

test('the index of decisions lists each decision with its status', () => {
  const decisions = paths.filter((path) => /^docs\/decisions\/\d{4}-/.test(path)).sort()
  const numbers = decisions.map((path) => /\d{4}/.exec(path)?.[0])
  expect(new Set(numbers).size).toBe(decisions.length)
  const stated = decisions.map((path) => [path, /^Status: (accepted|superseded(?: in part)?)\b/m.exec(read(path))?.[1]])
  const row = /^\| \[\d{4}\]\(([^)]+)\) \| .* \| ([a-z ]+) \|$/gm
  const listed = [...read('docs/decisions/README.md').matchAll(row)].map(([, file, status]) => [
    `docs/decisions/${file}`,
    status,
  ])
  expect(listed).toEqual(stated)
})
