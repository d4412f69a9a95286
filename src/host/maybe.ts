/** A value, or one to come. The way of a request whose token is known never leaves the turn that it came in. */
export type MaybePromise<T> = T | Promise<T>

/** `next` of the value: now, if it is there. A promise of another make becomes one of the platform's. */
export function after<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  if (value instanceof Promise) return value.then(next)
  const { then } = Object(value) as { then?: unknown }
  return typeof then === 'function' ? Promise.resolve(value).then(next) : next(value)
}
