import { maxDelay } from '../async/timers.ts'

/**
 * Acts at a time, in milliseconds since 1970.
 *
 * @returns ends the wait
 */
export function actAt(time: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  const wait = (): void => {
    const ms = time - Date.now()
    timer = setTimeout(ms > maxDelay ? wait : act, Math.min(Math.max(ms, 0), maxDelay))
  }
  wait()
  return () => clearTimeout(timer)
}

/** The same stream, which fails at a time, in milliseconds since 1970. */
export function endingAt(body: ReadableStream<Uint8Array>, time: number): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const expired = new AbortController()
  const cancel = actAt(time, () => expired.abort(new Error('The permission has ended')))
  body
    .pipeTo(writable, { signal: expired.signal })
    .catch(() => {})
    .finally(cancel)
  return readable
}
