/** Runs the tasks of one key one after the other. */
export type Lock = <T>(key: string, task: () => Promise<T>) => Promise<T>

/** A lock within this process. */
export function createLock(): Lock {
  const tails = new Map<string, Promise<unknown>>()
  return async (key, task) => {
    const before = tails.get(key)
    const run = before ? before.then(task, task) : task()
    // The tail must not fail, and goes when it is the last.
    const over = (): void => {
      if (tails.get(key) === tail) tails.delete(key)
    }
    const tail: Promise<void> = run.then(over, over)
    tails.set(key, tail)
    return run
  }
}

/** Settles as `promise` does, unless `signal` aborts first: then it rejects with the signal's reason and `promise` is left to itself. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** Waits; rejects with the signal's reason when it aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout>
  return abortable(
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    }),
    signal,
  ).finally(() => clearTimeout(timer))
}
