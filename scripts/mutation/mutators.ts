/** The changes that the mutation run makes, by the kind of the syntax node. */
import ts from 'typescript'

/** A change of one node: `host` is replaced by `text`. */
export interface Change {
  host: ts.Node
  text: string
  /** What the list of survivors shows. The default is the text of the host and the new text. */
  before?: string
  after?: string
}

type Mutator = (node: ts.Node) => Change[]

const Kind = ts.SyntaxKind

const OPERATORS = new Map<ts.SyntaxKind, string[]>([
  [Kind.EqualsEqualsEqualsToken, ['!==']],
  [Kind.ExclamationEqualsEqualsToken, ['===']],
  [Kind.LessThanToken, ['<=', '>=']],
  [Kind.LessThanEqualsToken, ['<', '>']],
  [Kind.GreaterThanToken, ['>=', '<=']],
  [Kind.GreaterThanEqualsToken, ['>', '<']],
  [Kind.AmpersandAmpersandToken, ['||']],
  [Kind.BarBarToken, ['&&']],
  [Kind.QuestionQuestionToken, ['&&']],
  [Kind.PlusToken, ['-']],
  [Kind.MinusToken, ['+']],
  [Kind.AsteriskToken, ['/']],
  [Kind.SlashToken, ['*']],
])

/** The new name of a method; an empty name takes the object itself. */
const METHODS: Record<string, string> = {
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  find: 'findLast',
  findLast: 'find',
  min: 'max',
  max: 'min',
  filter: '',
  sort: '',
  reverse: '',
  trim: '',
  slice: '',
  toLowerCase: '',
  toUpperCase: '',
}

const isText = (node: ts.Node): boolean => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)

/** Text is added, not subtracted. */
const joinsText = (node: ts.BinaryExpression): boolean =>
  node.operatorToken.kind === Kind.PlusToken && [node.left, node.right].some(isText)

const operators: Mutator = (node) => {
  if (!ts.isBinaryExpression(node) || joinsText(node)) return []
  const before = node.operatorToken.getText()
  return (OPERATORS.get(node.operatorToken.kind) ?? []).map((after) => ({
    host: node,
    text: `(${node.left.getText()}) ${after} (${node.right.getText()})`,
    before: node.getText(),
    after: node.getText().replace(before, after),
  }))
}

const literals: Mutator = (node) => {
  if (node.kind === Kind.TrueKeyword) return [{ host: node, text: 'false' }]
  if (node.kind === Kind.FalseKeyword) return [{ host: node, text: 'true' }]
  if (ts.isNumericLiteral(node)) return [{ host: node, text: `${node.getText()} + 1` }]
  if (ts.isStringLiteralLike(node)) return [{ host: node, text: node.text === '' ? "'mutated'" : "''" }]
  if (ts.isTemplateExpression(node)) return [{ host: node, text: "''" }]
  if (ts.isArrayLiteralExpression(node) && node.elements.length > 0) return [{ host: node, text: '[]' }]
  return []
}

const isPrefix = (node: ts.Node, operator: ts.PrefixUnaryOperator): node is ts.PrefixUnaryExpression =>
  ts.isPrefixUnaryExpression(node) && node.operator === operator

const unary: Mutator = (node) => {
  if (isPrefix(node, Kind.ExclamationToken)) return [{ host: node, text: `!!(${node.operand.getText()})` }]
  if (isPrefix(node, Kind.PlusPlusToken)) return [{ host: node, text: `--${node.operand.getText()}` }]
  if (ts.isPostfixUnaryExpression(node) && node.operator === Kind.PlusPlusToken) {
    return [{ host: node, text: `${node.operand.getText()}--` }]
  }
  return []
}

const fixed = (condition: ts.Expression, values: string[]): Change[] =>
  values.map((text) => ({ host: condition, text }))

const conditions: Mutator = (node) => {
  if (ts.isIfStatement(node)) return fixed(node.expression, ['true', 'false'])
  if (ts.isConditionalExpression(node)) return fixed(node.condition, ['true', 'false'])
  if (ts.isWhileStatement(node) || ts.isDoStatement(node)) return fixed(node.expression, ['false'])
  if (ts.isForStatement(node) && node.condition) return fixed(node.condition, ['false'])
  return []
}

/**
 * The whole chain `a?.b.c()` that a link belongs to. A switch cannot stand within the chain: `?.` leaves the whole chain.
 */
function wholeChain(link: ts.Node): ts.Node {
  const parent = link.parent
  const isLink =
    (ts.isPropertyAccessExpression(parent) ||
      ts.isElementAccessExpression(parent) ||
      ts.isCallExpression(parent) ||
      ts.isNonNullExpression(parent)) &&
    parent.expression === link
  return isLink ? wholeChain(parent) : link
}

/** A change of a part of a chain, as a change of the whole chain. */
function changeWithin(part: ts.Node, from: number, to: number, inserted: string): Change {
  const host = wholeChain(part)
  const start = host.getStart()
  const text = host.getText()
  return { host, text: text.slice(0, from - start) + inserted + text.slice(to - start) }
}

const optionalChains: Mutator = (node) => {
  const isAccess =
    ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node) || ts.isCallExpression(node)
  if (!isAccess || !node.questionDotToken) return []
  const { questionDotToken: token } = node
  return [changeWithin(node, token.getStart(), token.getEnd(), ts.isPropertyAccessExpression(node) ? '.' : '')]
}

const methods: Mutator = (node) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return []
  const { name, expression: object } = node.expression
  if (!Object.hasOwn(METHODS, name.text)) return []
  const other = METHODS[name.text]
  if (other) return [changeWithin(node, name.getStart(), name.getEnd(), other)]
  return [changeWithin(node, object.getEnd(), node.getEnd(), '')]
}

const isSuperCall = (node: ts.ExpressionStatement): boolean =>
  ts.isCallExpression(node.expression) && node.expression.expression.kind === Kind.SuperKeyword

const statements: Mutator = (node) => {
  const after = 'nothing'
  if (ts.isExpressionStatement(node) && !isSuperCall(node)) return [{ host: node, text: '', after }]
  if (ts.isThrowStatement(node) || ts.isBreakStatement(node) || ts.isContinueStatement(node)) {
    return [{ host: node, text: '', after }]
  }
  if (ts.isReturnStatement(node) && node.expression && node.expression.getText() !== 'undefined') {
    return [{ host: node.expression, text: 'undefined' }]
  }
  return []
}

const all = [operators, literals, unary, conditions, optionalChains, methods, statements]

export const changesOf = (node: ts.Node): Change[] => all.flatMap((mutator) => mutator(node))
