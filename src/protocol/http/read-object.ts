/**
 * Reads a JSON object. It never throws.
 *
 * @returns undefined if the text is anything but a JSON object
 *
 * @example const { outcome } = readObject(text) ?? {}
 */
export function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text)
    return Object(value) === value && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
