import { abortable } from './abortable.ts'

/** The longest delay that `setTimeout` accepts, in milliseconds. */
export const maxDelay: number = 2 ** 31 - 1

/** Waits this many milliseconds. Rejects with the signal's reason when the signal aborts; the timer is then cleared. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, maxDelay))
  })
  return abortable(over, signal).finally(() => clearTimeout(timer))
}

/**
 * The outcome of `act`. If it takes longer than this many milliseconds, the outcome of `late` counts in its place, and
 * nothing waits for `act` any more.
 */
export async function within<T>(ms: number, act: () => T | Promise<T>, late: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, maxDelay))
  })
  try {
    return await Promise.race([over.then(late), act()])
  } finally {
    clearTimeout(timer)
  }
}

/** Runs a task later. The timer does not keep a Node process alive. Returns a function that cancels the task. */
export function later(task: () => unknown, ms: number): () => void {
  const timer: { unref?(): void } | number = setTimeout(task, Math.min(ms, maxDelay))
  if (typeof timer === 'object') timer.unref?.()
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
}

/**
 * A clock in milliseconds for intervals. Unlike `Date.now()`, it does not jump when the system's clock is set.
 */
export const monotonic = (): number => performance.now()
