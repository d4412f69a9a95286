/** Finds the citations in a text: ids of requirements and findings, other documents, and files of the repository. */
import { posix } from 'node:path'

export interface Problem {
  /** starts at 1 */
  line: number
  /** the words of the text that are wrong */
  cited: string
  reason: string
}

export interface Known {
  /** the ids of `docs/requirements.json` */
  requirements: ReadonlySet<string>
  /** the ids of `docs/regressions.md` */
  findings: ReadonlySet<string>
  /** the path of every file of the repository */
  paths: readonly string[]
}

/** An id such as `G-3.3.1-c`, `F-R-j`, `U1-7.1-a`, `P-6`, `H-11` or `O-20`, but not the name of an elliptic curve. */
const REQUIREMENT = /(?<![\w-])(?!P-(?:256|384|521)\b)(?:G|F|U1|P|H|O)-(?:\d+(?:\.\d+)*|R)(?:-[a-z])?(?![\w-])/g

/** A letter that continues an id: "G-3.3.1-c, d" or "G-3.3.6-c to i". */
const SHORTENED = /(?<![\w-])(?:G|F|U1)-(?:\d+(?:\.\d+)*|R)-[a-z](?:,| to| and) [a-z](?=[,:;)\]'"`]| to | and |$)/g

const FINDING = '(?:[SREH]\\d{1,2}|N)\\b'
const SEPARATOR = '(?:, ?| and | or | to )'
const FINDINGS = `${FINDING}(?:${SEPARATOR}${FINDING})*`

/** "finding S1", "findings R4, R5 and R6" */
const FINDINGS_IN_PROSE = new RegExp(`\\b[Ff]indings? (${FINDINGS})`, 'g')

/** The beginning of the title of a test: `'S1: ...'` or `'S1, S2: ...'` */
const FINDINGS_IN_TITLE = new RegExp(`['"\`](${FINDINGS}): `, 'g')

const FOLDER = '(?:src|test|docs|scripts|bench|demo|examples)'
const ROOTED = String.raw`${FOLDER}\/[\w./-]+\.(?:ts|mts|js|mjs|json|md|html|css|svg|png)`

/** A path that begins with a folder of the repository, or any Markdown file. */
const FILE = new RegExp(String.raw`(?<![\w./@{}-])(?:${ROOTED}|(?:\.{0,2}\/)?[\w./-]*\w\.md)\b(?![\w/-]|\.\w)`, 'g')

/** A decision without the rest of its file name: `docs/decisions/0001` */
const DECISION = /\bdocs\/decisions\/\d{4}(?![\w-])/g

/** In a comment: the name of a source file, such as `quirks.ts`. */
const SOURCE_IN_COMMENT = /(?<![\w./@*{}-])[\w-]+(?:\/[\w-]+)*\.(?:d\.)?ts\b(?!\.\w)/g
const COMMENT = /^\s*(?:\/\*\*|\*|\/\/).*$|\s\/\/ .*$|\/\*\*.*\*\//

/** The target of a Markdown link to another file of the repository. */
const LINK = /\]\((?!\w+:|#|\/)([^)\s#]+)(?:#[^)\s]*)?\)/g

const URL = /\b(?:https?|file|git\+https):\/\/\S+/g

/** Documents that were never in the repository, and private numbers of issues and recordings. */
const DOCUMENTS: [pattern: RegExp, reason: string][] = [
  [/\bDESIGN\b(?: §[\w.]+)?/g, 'cite a file in docs/'],
  [/\b[Dd]esign,? §[\w.]+/g, 'cite a file in docs/'],
  [/\b[Cc]hecklist\b(?: [A-F](?:\.\d+)*\b(?!-))?/g, 'cite the id in docs/requirements.json or the specification'],
  [
    /(?<![Aa]ppendix |App\. |[Cc]hecklist |[\w.%-])[A-F]\.\d+(?:\.\d+)*(?![\w-])/g,
    'cite the id in docs/requirements.json',
  ],
  [/\bsections? [A-F]\b/g, 'cite the id in docs/requirements.json or the specification'],
  [/\b[Qq]uirks? \d+\b/g, 'describe the behaviour in words'],
  [/\bplatform-traps?\b/g, 'describe the behaviour in words'],
  [/\b[Ss]eed 0\d\d\b/g, 'name the program or its documentation'],
  [/\b[Ii]ssues? \d+(?=[),;:.\]]| item|$)|\([Ii]ssue:/g, 'describe the behaviour in words'],
]

/** Every citation in a file that nobody could follow. */
export function unfollowable(path: string, text: string, known: Known): Problem[] {
  return text.split('\n').flatMap((original, index) => {
    const line = original.replace(URL, (url) => ' '.repeat(url.length))
    const problems = [
      ...unknownRequirements(line, known),
      ...unknownFindings(path, line, known),
      ...foreignDocuments(line),
      ...missingFiles(path, line, known),
    ]
    return problems.map((problem) => ({ line: index + 1, ...problem }))
  })
}

type Found = Omit<Problem, 'line'>

function unknownRequirements(line: string, { requirements }: Known): Found[] {
  const unknown = matches(REQUIREMENT, line).filter((id) => !requirements.has(id))
  const shortened = matches(SHORTENED, line)
  return [
    ...unknown.map((cited) => ({ cited, reason: 'this id is not in docs/requirements.json' })),
    ...shortened.map((cited) => ({ cited, reason: 'write each id in full' })),
  ]
}

function unknownFindings(path: string, line: string, { findings }: Known): Found[] {
  const patterns = path.startsWith('test/') ? [FINDINGS_IN_PROSE, FINDINGS_IN_TITLE] : [FINDINGS_IN_PROSE]
  const cited = patterns.flatMap((pattern) => [...line.matchAll(pattern)].map(([, list = '']) => list))
  return cited
    .flatMap((list) => list.split(new RegExp(SEPARATOR)))
    .filter((id) => !findings.has(id))
    .map((id) => ({ cited: id, reason: 'this id is not in docs/regressions.md' }))
}

function foreignDocuments(line: string): Found[] {
  return DOCUMENTS.flatMap(([pattern, reason]) => matches(pattern, line).map((cited) => ({ cited, reason })))
}

function missingFiles(path: string, line: string, { paths }: Known): Found[] {
  const named = new Set([
    ...matches(FILE, line),
    ...matches(DECISION, line),
    ...namesInComment(path, line),
    ...links(path, line),
  ])
  return [...named]
    .filter((file) => !isThere(file, path, paths))
    .map((cited) => ({ cited, reason: 'this file is not in the repository' }))
}

function namesInComment(path: string, line: string): string[] {
  if (!/\.m?ts$/.test(path)) return []
  return matches(SOURCE_IN_COMMENT, COMMENT.exec(line)?.[0] ?? '')
}

function links(path: string, line: string): string[] {
  if (!path.endsWith('.md')) return []
  return [...line.matchAll(LINK)].map(([, target = '']) => target)
}

/** True for a path from the root or from the citing file, the end of a path, a folder, or a decision's number. */
function isThere(file: string, citedIn: string, paths: readonly string[]): boolean {
  const fromHere = posix.join(posix.dirname(citedIn), file).replace(/\/$/, '')
  const fromRoot = posix.normalize(file)
  const isNumber = /\/\d{4}$/.test(file)
  return paths.some(
    (path) =>
      path === fromHere ||
      path === fromRoot ||
      path.endsWith(`/${fromRoot}`) ||
      path.startsWith(`${fromHere}/`) ||
      (isNumber && path.startsWith(`${fromRoot}-`)),
  )
}

const matches = (pattern: RegExp, line: string): string[] => [...line.matchAll(pattern)].map(([match]) => match)
