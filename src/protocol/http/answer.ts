/** A host's answer, as an adapter shows it to the engine, whatever the HTTP library. */
export interface Answer {
  status: number
  headers: Headers
  /** The final URL; empty if the HTTP library does not tell. */
  url: string
  /** Reads the body, up to `cap` bytes. The caller may no longer be able to read the answer afterwards. */
  text(cap: number): Promise<string>
  /** Releases the body of an answer that nobody will read. */
  discard(): void
}
