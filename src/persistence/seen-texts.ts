/** The texts of records as they were last seen. Comparing texts is cheaper than parsing them. */
export interface SeenTexts {
  /** Call this before a read, and give the number to `isNews`. */
  beginRead(): number
  /**
   * Whether a text that was read is different from the one last seen, and remembers the text. A read that began before
   * the last one seen, or before the last write, brings no news: reads may end in another order than they began.
   */
  isNews(key: string, text: string | undefined, read: number): boolean
  /** The record was written. */
  written(key: string, text: string | undefined): void
  get(key: string): string | undefined
  clear(): void
}

export function createSeenTexts(): SeenTexts {
  const byKey = new Map<string, { text: string | undefined; number: number }>()
  let counter = 0
  return {
    beginRead: () => ++counter,
    isNews(key, text, read) {
      const last = byKey.get(key)
      if (last && read < last.number) return false
      byKey.set(key, { text, number: read })
      return last?.text !== text
    },
    written(key, text) {
      byKey.set(key, { text, number: ++counter })
    },
    get: (key) => byKey.get(key)?.text,
    clear: () => byKey.clear(),
  }
}
