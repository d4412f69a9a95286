/** An answer of a function like `fetch`, as far as its body is read. */
interface Readable {
  /** A web stream, a Node stream, `null` if there is no body, or absent if the implementation has only `text()`. */
  readonly body?: unknown
  text?(): Promise<string>
}

/** The chunks of a web stream, or of a Node stream such as node-fetch gives. */
type Chunks = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>

/** Reads a body as text. A body of more than `cap` bytes counts as empty. */
export async function cappedText(answer: Readable, cap: number): Promise<string> {
  const body = answer.body as Chunks | null | undefined
  if (body && 'getReader' in body) return cappedWebStream(body, cap)
  if (body && Symbol.asyncIterator in body) return cappedNodeStream(body, cap)
  if (body === null || !answer.text) return ''
  const text = await answer.text()
  return text.length > cap ? '' : text
}

async function cappedWebStream(body: ReadableStream<Uint8Array>, cap: number): Promise<string> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > cap) {
      reader.cancel().catch(() => {})
      return ''
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** Leaving the loop destroys the stream. */
async function cappedNodeStream(body: AsyncIterable<Uint8Array | string>, cap: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > cap) return ''
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
