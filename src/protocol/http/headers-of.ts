/** The headers of an answer, whatever a function like `fetch` gives: a `Headers` of any library, a plain object, nothing. */
export function headersOf({ headers }: { headers?: unknown }): Headers {
  const own = headers as Headers | Record<string, string> | undefined
  return typeof own?.get === 'function' ? (own as Headers) : new Headers(own as Record<string, string>)
}
