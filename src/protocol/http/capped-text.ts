/** An answer of a function like `fetch`, as far as its body is read. */
interface Readable {
  /** A web stream, a Node stream, `null` if there is no body, or absent if the implementation has only `text()`. */
  readonly body?: unknown
  text?(): Promise<string>
}

/** The body of an answer: a web stream, or a Node stream such as node-fetch gives. */
type Stream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>

/** Reads a body as text. A body of more than `cap` bytes counts as empty. */
export async function cappedText(answer: Readable, cap: number): Promise<string> {
  const body = answer.body as Stream | null | undefined
  if (body === undefined) {
    const whole = (await answer.text?.()) ?? ''
    return whole.length > cap ? '' : whole
  }
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of chunksOf(body)) {
    size += chunk.length
    if (size > cap) return ''
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** The chunks of a stream. A caller that stops early ends the stream. Not every browser iterates over web streams. */
async function* chunksOf(stream: Stream | null): AsyncGenerator<Uint8Array | string> {
  if (!stream) return
  if (!('getReader' in stream)) return yield* stream
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
