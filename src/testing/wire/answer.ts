/** Answers of the simulated servers, and how an answer becomes a `Response`. */

/**
 * An answer before it becomes a `Response`. A string or bytes are sent as they are, any other body as JSON, and
 * `undefined` as no body. The status 0 means that the connection is lost before an answer arrives.
 */
export interface Answer {
  status: number
  /** a list sends the header once for each value */
  headers?: Record<string, string | string[]>
  body?: unknown
}

/** The client sees a network error, as with `Response.error()`. */
export const connectionLost: Answer = { status: 0 }

const WITHOUT_BODY = new Set([204, 205, 304])
const linesOf = new WeakMap<Response, [string, string][]>()

export function toResponse(answer: Answer): Response {
  if (answer.status === 0) return Response.error()
  const headers = headersOf(answer)
  const lines = [...headers].flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]))
  const body = WITHOUT_BODY.has(answer.status) ? null : bytesOf(answer.body)
  const response = new Response(body, { status: answer.status, headers: lines })
  linesOf.set(response, lines)
  return response
}

/**
 * The headers of a response, one entry for each line. A `Headers` object joins lines of the same name, so a server that
 * writes the response to a socket reads them here.
 */
export function headerLines(response: Response): [string, string][] {
  return linesOf.get(response) ?? [...response.headers]
}

/** The same answer with more headers; headers that the answer already has are kept. */
export function withHeaders(answer: Answer, more: Record<string, string>): Answer {
  return { ...answer, headers: { ...more, ...Object.fromEntries(namesInLowerCase(answer.headers)) } }
}

/** Tells an answer from the JSON document that a function of a test returned instead. */
export const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Answer).status === 'number' &&
  ('body' in value || 'headers' in value)

/** An error answer of OAuth 2.0 (RFC 6749 §5.2). */
export const oauthError = (status: number, error: string, description?: string): Answer => ({
  status,
  body: { error, ...(description === undefined ? {} : { error_description: description }) },
})

const isRaw = (body: unknown): body is string | Uint8Array | undefined =>
  body === undefined || typeof body === 'string' || body instanceof Uint8Array

function headersOf({ headers, body }: Answer): Map<string, string | string[]> {
  const usual: [string, string][] = isRaw(body) ? [] : [['content-type', 'application/json']]
  return new Map([...usual, ...namesInLowerCase(headers)])
}

const namesInLowerCase = (headers: Answer['headers'] = {}): [string, string | string[]][] =>
  Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])

/** Bytes in any case: a string would make the `Response` add a content type. */
function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body)
  if (body === undefined) return new Uint8Array()
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
}
