/** Waiting for what a test wants to see, instead of for a time in which it should have happened. */

/** For spacing events apart. Do not assert what "must have happened" after a pause: use `until`. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Milliseconds after which `until` gives up: below the tests' own time limit, so that the message names the condition. */
const PATIENCE = 100_000

/**
 * Waits until the condition holds, however slow the machine is.
 *
 * @throws when the condition still does not hold after 100 seconds: then the event never comes
 */
export async function until(condition: () => unknown, everyMs = 5): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`still not so after ${PATIENCE} ms: ${condition}`)
    await pause(everyMs)
  }
}

/** Something that happens once: `given` resolves when `give` was called. */
export interface Signal {
  given: Promise<void>
  give: () => void
}

export function signal(): Signal {
  let give = (): void => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

/**
 * A stopwatch for upper bounds. It stands still while this process gets no processor, so that it measures for how long something
 * waited, and not how busy the machine was.
 */
export interface Stopwatch {
  /** Milliseconds since it was started. */
  ms(): number
  stop(): void
}

const TICK = 10

export function stopwatch(): Stopwatch {
  let ms = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    ms += Math.min(now - last, 2 * TICK)
    last = now
  }, TICK)
  return { ms: () => ms, stop: () => clearInterval(timer) }
}
