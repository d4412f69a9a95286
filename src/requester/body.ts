/** An object that Node's older streams and npm form-data have in common. */
interface Pipeable {
  on(event: string, listener: (chunk: never) => void): unknown
  resume?(): unknown
}

/** Whether a body can be read only once: a stream of whatever kind, an async iterable, npm form-data. */
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
export async function bufferBody(body: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: (Uint8Array<ArrayBuffer> | string)[] = []
  if (Symbol.asyncIterator in (body as object)) {
    for await (const chunk of body as AsyncIterable<Uint8Array<ArrayBuffer> | string>) chunks.push(chunk)
  } else if ('getReader' in (body as object)) {
    const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value)
  } else {
    await new Promise<void>((resolve, reject) => {
      const stream = body as Pipeable
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', resolve as () => void)
      stream.on('error', reject)
      stream.resume?.()
    })
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}
