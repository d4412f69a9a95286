/** Whether a click on the panel was made there: signed tokens, and what the browser says of where a request comes from. */

/** What a token stands for. */
export interface Click {
  owner: string
  /** The canonical path. */
  path: string
  action: string
}

/** Mints and checks tokens that are good for one owner, path and action, and for a while. */
export interface Tokens {
  mint(click: Click): Promise<string>
  check(token: string, click: Click): Promise<boolean>
}

const algorithm = { name: 'HMAC', hash: 'SHA-256' }
const shortestKey = 32

/**
 * @param key what they are signed with: the same for all processes that serve one panel. Default: made here
 * @param ttl milliseconds
 * @throws TypeError if the key is shorter than 32 bytes
 */
export function createTokens(key: string | Uint8Array | undefined, ttl: number): Tokens {
  const bytes =
    key === undefined
      ? crypto.getRandomValues(new Uint8Array(shortestKey))
      : new Uint8Array(typeof key === 'string' ? new TextEncoder().encode(key) : key)
  if (bytes.length < shortestKey) throw new TypeError(`panel: key must have at least ${shortestKey} bytes`)
  let imported: Promise<CryptoKey> | undefined
  const hmac = (): Promise<CryptoKey> => {
    imported ??= crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify'])
    return imported
  }
  // JSON, so that no two clicks are one text.
  const signed = ({ owner, path, action }: Click, until: string): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode(JSON.stringify(['uma-requester panel', owner, path, action, until]))
  return {
    async mint(click) {
      const until = String(Date.now() + ttl)
      const mac = new Uint8Array(await crypto.subtle.sign(algorithm, await hmac(), signed(click, until)))
      return `${until}.${Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
    },
    async check(token, click) {
      const [, until, hex] = /^(\d{1,16})\.([\da-f]{64})$/.exec(token) ?? []
      if (!until || !hex || Number(until) < Date.now()) return false
      const mac = Uint8Array.from({ length: 32 }, (_, index) =>
        Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
      )
      return crypto.subtle.verify(algorithm, await hmac(), mac, signed(click, until))
    },
  }
}

/**
 * Whether the browser says that the request was made by a page of one of these origins. `Origin: null` is what a page without
 * referrer sends (some frameworks set that for all pages), so `Sec-Fetch-Site` has to speak for it.
 *
 * @param navigation a link that was followed: carries no `Origin`, and no `Sec-Fetch-Site` in old browsers
 */
export function ownClick(headers: Headers, origins: readonly string[], navigation = false): boolean {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (site !== null && site !== 'same-origin') return false
  if (origin !== null && origin !== 'null') return origins.includes(origin)
  return site !== null || (navigation && origin === null)
}
