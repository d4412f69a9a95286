/** Runs the tasks of one key one after the other. */
export type Lock = <T>(key: string, task: () => Promise<T>) => Promise<T>

const nothing = (): void => {}

/** Milliseconds: timers know no more. */
export const maxTimer: number = 2 ** 31 - 1

/** A lock within this process. */
export function createLock(): Lock {
  const tails = new Map<string, Promise<void>>()
  return (key, task) => {
    const run = (tails.get(key) ?? Promise.resolve()).then(task)
    // The tail never fails, and goes when it is the last.
    const tail = run.then(nothing, nothing).then(() => {
      if (tails.get(key) === tail) tails.delete(key)
    })
    tails.set(key, tail)
    return run
  }
}

/** Settles as `promise` does, unless `signal` aborts first: then it rejects with the signal's reason and `promise` is left to itself. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  let abort = nothing
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal?.reason)
  })
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  return Promise.race([aborted, promise]).finally(() => signal?.removeEventListener('abort', abort))
}

/** Waits; rejects with the signal's reason when it aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout>
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return abortable(over, signal).finally(() => clearTimeout(timer))
}
