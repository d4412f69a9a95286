/**
 * Copies of the objects that a caller hands over. A request is captured before the first `await`, as the Fetch standard
 * does, so that a caller who changes these objects afterwards changes neither the first send nor a later one.
 */

/** The content type of a form (WHATWG URL §5), as fetch sets it. */
export const formType = 'application/x-www-form-urlencoded;charset=UTF-8'

/** Headers as a plain object. */
type PlainHeaders = Record<string, string>

/** Whether headers are a plain object. Everything else that fetch takes can be iterated over. */
export const isPlain = (headers: HeadersInit): headers is PlainHeaders => !(Symbol.iterator in headers)

/** Copies headers. A plain object stays a plain object, because copying it is cheap. */
export function captureHeaders(headers: HeadersInit | undefined): HeadersInit | undefined {
  if (!headers) return undefined
  return isPlain(headers) ? { ...headers } : new Headers(headers)
}

/**
 * Sets headers over plain ones. The names are compared without case, because fetch would send the values of both
 * spellings.
 *
 * @returns a new object
 */
export function setHeaders(own: PlainHeaders, patch: PlainHeaders): PlainHeaders {
  const headers = { ...own, ...patch }
  for (const name of Object.keys(own)) {
    if (!Object.hasOwn(patch, name) && hasHeader(patch, name)) delete headers[name]
  }
  return headers
}

function hasHeader(headers: PlainHeaders, wanted: string): boolean {
  for (const name of Object.keys(headers)) {
    if (name.length === wanted.length && name.toLowerCase() === wanted.toLowerCase()) return true
  }
  return false
}

/**
 * Copies a body. Strings and Blobs never change. A stream cannot be copied and stays as it is.
 *
 * @param copyView copies a view of a buffer. @default copies the bytes that the view shows
 */
export function captureBody<Body>(body: Body, copyView: (view: ArrayBufferView) => unknown = viewedBytes): Body {
  if (typeof body !== 'object' || body === null) return body
  if (body instanceof ArrayBuffer) return body.slice(0) as Body
  if (ArrayBuffer.isView(body)) return copyView(body) as Body
  if (body instanceof URLSearchParams) return new URLSearchParams(body) as Body
  if (body instanceof FormData) return copyForm(body) as Body
  return body
}

/** The bytes that a view shows. */
function viewedBytes(view: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(view.byteLength)
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  return bytes
}

/** The same view of a copy of its buffer. A Node `Buffer` can be a small part of its buffer, so only that part is copied. */
export function copiedView(view: ArrayBufferView): ArrayBufferView {
  const isNodeBuffer = (view.constructor as { isBuffer?: unknown }).isBuffer !== undefined
  if (isNodeBuffer) return Uint8Array.prototype.slice.call(view)
  const { length = view.byteLength } = view as { length?: number }
  const View = view.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView
  return new View(view.buffer.slice(0), view.byteOffset, length)
}

/** The entries are strings and Blobs, which never change. The FormData of React Native does not list its entries. */
function copyForm(form: FormData): FormData {
  if (!(Symbol.iterator in form)) return form
  const copy = new FormData()
  for (const [name, value] of form) copy.append(name, value)
  return copy
}

/**
 * The body as form parameters, if it is a form that the caller can be asked for without reading a stream.
 *
 * @param contentType is called only for a text body
 */
export function formOf(body: unknown, contentType: () => unknown): URLSearchParams | undefined {
  if (body instanceof URLSearchParams) return new URLSearchParams(body)
  if (typeof body !== 'string' || !isFormType(contentType())) return undefined
  return new URLSearchParams(body)
}

const isFormType = (contentType: unknown): boolean =>
  /^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(String(contentType ?? ''))
