/** The runs of one key. */
interface Runs {
  current: Promise<void>
  /** The run after the current one; everybody who comes meanwhile shares this run. */
  next: Promise<void> | undefined
}

/**
 * Runs a task for one key at a time. A call during a run gets the next run, which begins after the current one and is
 * shared by all calls that come until then.
 */
export function coalesced<Args extends unknown[]>(
  keyOf: (...args: Args) => string,
  task: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  const byKey = new Map<string, Runs>()

  function begin(key: string, args: Args): Promise<void> {
    const current = task(...args).finally(() => {
      // A planned run keeps the entry, so that nobody begins another run before it.
      if (!byKey.get(key)?.next) byKey.delete(key)
    })
    byKey.set(key, { current, next: undefined })
    return current
  }

  return (...args) => {
    const key = keyOf(...args)
    const runs = byKey.get(key)
    if (!runs) return begin(key, args)
    const beginNext = (): Promise<void> => begin(key, args)
    runs.next ??= runs.current.then(beginNext, beginNext)
    return runs.next
  }
}
