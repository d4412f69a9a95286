import type { UmaStorage } from '../storage/storage.ts'

/** Who may change a resource now. */
export interface Turns {
  /** One after the other for one pattern, here and, where the storage can, in other processes. */
  alone<T>(pattern: string, task: () => Promise<T>): Promise<T>
  /** When all that had begun here has ended, well or not. */
  settled(): Promise<unknown>
}

/** Registrations at once: a host that starts with thousands leaves room for requests. */
const together = 8

/** @param prefix of the keys of locks */
export function createTurns(storage: UmaStorage, prefix: string): Turns {
  const turns = new Map<string, Promise<unknown>>()
  let running = 0
  const waiting: (() => void)[] = []

  return {
    alone(pattern, task) {
      const locked = async () => {
        if (running >= together) await new Promise<void>((resolve) => waiting.push(resolve))
        running++
        try {
          return await (storage.lock?.(`${prefix}protect:${pattern}`, task) ?? task())
        } finally {
          running--
          waiting.shift()?.()
        }
      }
      const run = (turns.get(pattern) ?? Promise.resolve()).then(locked)
      const ended = run.then(
        () => {},
        () => {},
      )
      turns.set(pattern, ended)
      ended.then(() => turns.get(pattern) === ended && turns.delete(pattern))
      return run
    },
    settled: () => Promise.all(turns.values()),
  }
}
