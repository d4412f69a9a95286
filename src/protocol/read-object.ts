/** The JSON object that a text holds; undefined if it holds anything else. */
export function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text)
    return Object(value) === value && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
