/** Runs the tasks of one key one after the other. The turn ends when the task settles. Not reentrant. */
export type Lock = <T>(key: string, task: () => Promise<T>) => Promise<T>

const nothing = (): void => {}

/** A lock within this page or process: the tasks of one key run one after the other. */
export function inTurn(): Lock {
  const tails = new Map<string, Promise<void>>()
  return (key, task) => {
    const run = (tails.get(key) ?? Promise.resolve()).then(task)
    // The tail never rejects, and the last tail of a key is removed.
    const tail = run.then(nothing, nothing).then(() => {
      if (tails.get(key) === tail) tails.delete(key)
    })
    tails.set(key, tail)
    return run
  }
}
