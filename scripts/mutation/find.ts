/** Finds all mutants of a source. */
import ts from 'typescript'
import type { Mutant } from './mutant.ts'
import { changesOf } from './mutators.ts'

/** Nodes that are gone after compilation, or whose texts are no values. */
function isOutOfScope(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isTaggedTemplateExpression(node) ||
    isMessage(node)
  )
}

/** The message of an error is for people. No test compares all its words. */
function isMessage(node: ts.Node): boolean {
  if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return false
  const call = ts.isBinaryExpression(node.parent) ? node.parent.parent : node.parent
  return ts.isNewExpression(call) && /Error$/.test(call.expression.getText())
}

/** The name of a property, the path of a module: no switch can stand there. */
function isFixed(node: ts.Node, parent: ts.Node): boolean {
  if (ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) return parent.name === node
  if (ts.isCallExpression(parent)) return parent.expression.kind === ts.SyntaxKind.ImportKeyword
  return isTarget(node)
}

/** An operand that is written to: an expression with a switch is no target. */
function isTarget(node: ts.Node): boolean {
  const { parent } = node
  if (ts.isDeleteExpression(parent) || ts.isPostfixUnaryExpression(parent)) return true
  if (ts.isPrefixUnaryExpression(parent)) {
    return parent.operator === ts.SyntaxKind.PlusPlusToken || parent.operator === ts.SyntaxKind.MinusMinusToken
  }
  if (ts.isForOfStatement(parent)) return parent.initializer === node
  if (!ts.isBinaryExpression(parent) || parent.left !== node) return false
  const operator = parent.operatorToken.kind
  return operator >= ts.SyntaxKind.FirstAssignment && operator <= ts.SyntaxKind.LastAssignment
}

const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 90 ? `${line.slice(0, 87)}...` : line
}

/** The ids of the mutants begin with `firstId`. */
export function findMutants(file: string, text: string, firstId: number): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const mutants: Mutant[] = []
  const visit = (node: ts.Node) => {
    if (isOutOfScope(node) || isFixed(node, node.parent)) return
    const changes = changesOf(node).filter(({ host }) => !isTarget(host))
    for (const { host, text: changed, before = host.getText(), after = changed } of changes) {
      mutants.push({
        id: firstId + mutants.length,
        file,
        line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
        before: oneLine(before),
        after: oneLine(after),
        start: host.getStart(),
        end: host.getEnd(),
        text: changed,
        isStatement: ts.isStatement(host),
      })
    }
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  return mutants
}
