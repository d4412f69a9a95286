/** The time of a simulated server. */

export interface Clock {
  /** milliseconds since 1970 */
  now(): number
  /** waits for so many milliseconds */
  pause(ms: number): Promise<void>
}

// Taken when the module is loaded, so that fake timers of a test do not stop a simulated server.
const { setTimeout: startTimer } = globalThis

/** The computer's clock, except where a test brings its own. */
export const clockOf = ({ now, pause }: Partial<Clock>): Clock => ({
  now: now ?? (() => Date.now()),
  pause: pause ?? pauseQuietly,
})

/** Waits. The timer keeps no process alive: a test may let a server wait for longer than the test takes. */
function pauseQuietly(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: { unref?(): void } | number = startTimer(resolve, ms)
    if (typeof timer === 'object') timer.unref?.()
  })
}
