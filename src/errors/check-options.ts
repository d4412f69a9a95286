/** The rule of one option. */
export interface OptionRule {
  check(value: unknown): boolean
  /** Describes a value that passes, for the message: "a number, 0 or more". */
  expected: string
  /** @default false */
  required?: boolean
}

/** The rules of all options of one object, by name. */
export type OptionRules<Options extends object> = Record<keyof Options & string, OptionRule>

export const isString = (value: unknown): value is string => typeof value === 'string'
export const isFunction = (value: unknown): boolean => typeof value === 'function'
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Makes the rule of an option that is a function. */
export const functionRule = (expected: string): OptionRule => ({ check: isFunction, expected })

export const textRule: OptionRule = { check: isString, expected: 'a string' }
export const flagRule: OptionRule = { check: (value) => typeof value === 'boolean', expected: 'true or false' }
export const countRule: OptionRule = {
  check: (value) => typeof value === 'number' && value >= 0,
  expected: 'a number, 0 or more',
}

/**
 * Checks the options of one object. An option that is `undefined` counts as absent.
 *
 * @param where the beginning of each message: the function, and the object within its options
 * @throws TypeError that names the option and the fix; for an unknown option, the nearest known name
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  rules: OptionRules<Options>,
): void {
  if (!isObject(options)) throw new TypeError(`${where}: give it an object of options`)
  const known = rules as Record<string, OptionRule>
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) throw new TypeError(`${where}: ${unknownOption(name, Object.keys(known))}`)
  }
  const given = options as Record<string, unknown>
  for (const [name, { check, expected, required }] of Object.entries(known)) {
    const value = given[name]
    if (value === undefined && required) throw new TypeError(`${where}: ${name} is missing; it must be ${expected}`)
    if (value !== undefined && !check(value)) throw new TypeError(`${where}: ${name} must be ${expected}`)
  }
}

/** Says that there is no such option, and names the nearest one. */
function unknownOption(name: string, known: readonly string[]): string {
  const nearest = known.find((other) => isNear(name.toLowerCase(), other.toLowerCase()))
  if (nearest !== undefined) return `there is no option ${name}; did you mean ${nearest}?`
  return `there is no option ${name}; the options are ${known.join(', ')}`
}

/** Whether two texts differ by one character that is missing, added or another, or by two that are swapped. */
function isNear(one: string, two: string): boolean {
  const shorter = withOneLess(two)
  return withOneLess(one).some((text) => shorter.includes(text))
}

/** The text, and the text without each of its characters. */
const withOneLess = (text: string): string[] => [
  text,
  ...Array.from(text, (_, index) => text.slice(0, index) + text.slice(index + 1)),
]
