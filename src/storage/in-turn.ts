/** Runs `task` while nobody else holds `key`; the lock is let go when the task settles, however it does. Not reentrant. */
export type Lock = <T>(key: string, task: () => Promise<T>) => Promise<T>

const nothing = (): void => {}

/** A lock within this tab or process: the tasks of one key run one after the other. */
export function inTurn(): Lock {
  const tails = new Map<string, Promise<void>>()
  return (key, task) => {
    const run = (tails.get(key) ?? Promise.resolve()).then(task)
    const tail = run.then(nothing, nothing).then(() => {
      if (tails.get(key) === tail) tails.delete(key)
    })
    tails.set(key, tail)
    return run
  }
}
