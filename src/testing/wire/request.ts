/** Reading a request: credentials, forms and JSON. */

/** The token of `Authorization: Bearer`. */
export const bearerToken = ({ headers }: Request): string | undefined =>
  /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]

/** The client's id and secret in `Authorization: Basic` (RFC 6749 §2.3.1). */
export function basicCredentials({ headers }: Request): { id: string; secret: string } | undefined {
  const encoded = /^basic +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    const [id = '', ...secret] = new TextDecoder().decode(bytes).split(':')
    return { id: formDecoded(id), secret: formDecoded(secret.join(':')) }
  } catch {
    return undefined
  }
}

const formDecoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))

/** A JSON object; undefined for any other text. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  const value = json(text)
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Record<string, unknown>) : undefined
}

/** Any JSON value; undefined for any other text. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const readForm = async (request: Request): Promise<URLSearchParams> => new URLSearchParams(await request.text())

/** Text that starts with `mount`, without it; undefined for any other path. */
export function pathBelow(mount: string, pathname: string): string | undefined {
  return pathname.startsWith(`${mount}/`) ? pathname.slice(mount.length) : undefined
}
