import { InvalidStateError, RedirectError } from '../../errors/index.ts'

/** The facts that every return is compared with, whatever it brings. */
export interface ExpectedReturn {
  state: string
  /** The redirect URI that the person was sent away with; undefined: the server knows only one. */
  redirectUri: string | undefined
  issuer: string
}

/**
 * Checks the return of a person, for every kind of return: it must be a URL (or, out of band, a code), carry no foreign
 * `state`, and belong to the redirect URI.
 *
 * @param outOfBand whether the person may bring back a code instead of a URL
 * @throws InvalidStateError; RedirectError with `reason: 'redirect_uri'`
 */
export function checkReturn(
  back: unknown,
  { state, redirectUri, issuer }: ExpectedReturn,
  outOfBand: boolean,
): asserts back is string {
  const isUrl = typeof back === 'string' && URL.canParse(back)
  if (!isUrl && outOfBand && typeof back === 'string' && back !== '') return
  if (!isUrl) {
    throw new InvalidStateError('onRedirect must resolve with the URL that the person came back on', { issuer })
  }
  const states = new URL(back).searchParams.getAll('state')
  if (states.length > 0 && !states.includes(state)) {
    throw new InvalidStateError('This return belongs to no redirect that is under way', { issuer })
  }
  if (redirectUri === undefined || cameBackTo(redirectUri, back)) return
  throw new RedirectError(`The person did not come back from ${issuer} to the redirect URI`, {
    issuer,
    reason: 'redirect_uri',
  })
}

/**
 * Whether a person came back to the redirect URI that they were sent away with (RFC 9700 §4.4.2.2). Origin and path must
 * be the same, and each parameter of the redirect URI must be present once, with its value. The parameter `state` is
 * ours and is ignored here.
 */
export function cameBackTo(redirectUri: string, back: string): boolean {
  if (!URL.canParse(redirectUri) || !URL.canParse(back)) return false
  const expected = new URL(redirectUri)
  const actual = new URL(back)
  if (expected.origin !== actual.origin || expected.pathname !== actual.pathname) return false
  // A custom scheme has an opaque origin.
  if (expected.protocol !== actual.protocol || expected.host !== actual.host) return false
  const names = new Set(expected.searchParams.keys())
  names.delete('state')
  return [...names].every((name) => {
    const values = expected.searchParams.getAll(name)
    const came = actual.searchParams.getAll(name)
    return values.length === came.length && values.every((value, index) => value === came[index])
  })
}

/** A new, unguessable `state`: 192 bits in base64url (UMA Grant §5.1). */
export function newState(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
}
