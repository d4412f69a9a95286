/** A value, or one to come. The way of a request whose token is known never leaves the turn that it came in. */
export type MaybePromise<T> = T | Promise<T>

/** Also those of another make. */
export const isThenable = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

/** `next` of the value: now, if it is there. A promise of another make becomes one of the platform's. */
export function after<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value)
}
