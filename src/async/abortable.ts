const nothing = (): void => {}

/**
 * Settles as `promise` does, unless `signal` aborts first: then it rejects with the signal's reason, and `promise` is
 * left to itself. The listener on the signal is removed in either case.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      // Nobody listens to the promise any more.
      promise.catch(nothing)
      reject(signal.reason)
    }
    if (signal.aborted) return abort()
    const done = (): void => signal.removeEventListener('abort', abort)
    signal.addEventListener('abort', abort)
    promise.finally(done).catch(nothing)
    promise.then(resolve, reject)
  })
}
