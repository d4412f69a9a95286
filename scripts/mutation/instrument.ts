/** Puts all mutants of a file into one text. The function `__umaMutant` says which one is switched on. */
import ts from 'typescript'
import type { Mutant } from './mutant.ts'

interface Edit {
  start: number
  end: number
  isStatement: boolean
  mutants: Mutant[]
}

/** The mutants of one range stand in one edit. */
function editsOf(mutants: Mutant[]): Edit[] {
  const edits = new Map<string, Edit>()
  for (const mutant of mutants) {
    const { start, end, isStatement } = mutant
    const key = `${start}-${end}-${isStatement}`
    const edit = edits.get(key) ?? { start, end, isStatement, mutants: [] }
    edit.mutants.push(mutant)
    edits.set(key, edit)
  }
  return [...edits.values()]
}

/** Statements that begin with an expression. A switch at their beginning would continue the line before, so they need a block. */
function expressionStatements(text: string, edits: Edit[]): Edit[] {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true)
  const found: Edit[] = []
  const visit = (node: ts.Node) => {
    if (ts.isExpressionStatement(node)) {
      const [start, end] = [node.getStart(), node.getEnd()]
      const isTouched = edits.some((edit) => edit.start >= start && edit.end <= end)
      const isThere = edits.some((edit) => edit.isStatement && edit.start === start)
      if (isTouched && !isThere) found.push({ start, end, isStatement: true, mutants: [] })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** A statement without a semicolon has the range of its expression. Then the expression is the inner one. */
function isWithin(inner: Edit, outer: Edit): boolean {
  if (inner.start === outer.start && inner.end === outer.end) return !inner.isStatement && outer.isStatement
  return inner.start >= outer.start && inner.end <= outer.end
}

function switchOf(edit: Edit, original: string): string {
  if (!edit.isStatement) {
    return edit.mutants.reduceRight(
      (rest, { id, text }) => `(__umaMutant(${id}) ? (${text}) : ${rest})`,
      `(${original})`,
    )
  }
  const conditions = edit.mutants.map(({ id }) => `!__umaMutant(${id})`)
  // The outer block keeps an `else` that follows away from this `if`.
  return conditions.length > 0 ? `{ if (${conditions.join(' && ')}) { ${original} } }` : `{ ${original} }`
}

/** The text of a range, with the edits within that range. */
function render(text: string, start: number, end: number, edits: Edit[]): string {
  const outermost = edits
    .filter((edit) => !edits.some((other) => isWithin(edit, other)))
    .sort((a, b) => a.start - b.start)
  let position = start
  let rendered = ''
  for (const edit of outermost) {
    const inner = edits.filter((other) => isWithin(other, edit))
    rendered += text.slice(position, edit.start)
    rendered += switchOf(edit, render(text, edit.start, edit.end, inner))
    position = edit.end
  }
  return rendered + text.slice(position, end)
}

export function instrument(text: string, mutants: Mutant[]): string {
  const edits = editsOf(mutants)
  return render(text, 0, text.length, [...edits, ...expressionStatements(text, edits)])
}
