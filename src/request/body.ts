/** A Node stream, as far as this package uses it. npm form-data offers this much, and no more. */
interface Pipeable {
  on(event: string, listener: (chunk: never) => void): unknown
  resume(): unknown
}

/** Whether a body can be read only once: a web or Node stream, an async iterable, or an instance of npm form-data. */
export function isOneShot(body: unknown): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    (typeof (body as ReadableStream).getReader === 'function' ||
      typeof (body as { pipe?: unknown }).pipe === 'function' ||
      Symbol.asyncIterator in body)
  )
}

/** Reads a one-shot body to its end. */
function bufferBody(body: unknown): Promise<ArrayBuffer> {
  const stream = body as Pipeable
  if (!stream.on || Symbol.asyncIterator in stream) return new Response(body as BodyInit).arrayBuffer()
  // npm form-data is neither a web stream nor iterable.
  return new Promise((resolve, reject) => {
    const chunks: BlobPart[] = []
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('end', () => resolve(new Blob(chunks).arrayBuffer()))
    stream.on('error', reject)
    stream.resume()
  })
}

/** A function that reads a one-shot body when it is first called, and gives the same bytes to every later call. */
export function bufferOnce(body: unknown): () => Promise<ArrayBuffer> {
  let bytes: Promise<ArrayBuffer> | undefined
  return () => {
    bytes ??= bufferBody(body)
    return bytes
  }
}
