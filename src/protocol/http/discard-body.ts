/** A web stream or a Node stream, as far as it can be released. */
interface Discardable {
  getReader?: unknown
  pipe?: unknown
  cancel?(): Promise<void>
  destroy?(): void
}

/** Releases a body that nobody will read: a web stream or a Node stream. Any other value is left alone. */
export function discardBody(body: unknown): void {
  const stream = Object(body) as Discardable
  if (typeof stream.getReader !== 'function' && typeof stream.pipe !== 'function') return
  stream.destroy?.()
  stream.cancel?.().catch(() => {})
}
