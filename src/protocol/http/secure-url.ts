/**
 * The URL, if tokens and people may be sent there: https, or http on this machine (RFC 8252 §8.3, RFC 6761 §6.3),
 * without credentials and fragment (RFC 6749 §3.2, UMA Grant §5). It never throws.
 *
 * @param insecure accepts any http URL, for protocols of a time before TLS was common
 */
export function secureUrl(value: unknown, insecure = false): URL | undefined {
  const url = typeof value === 'string' && !value.includes('#') && URL.canParse(value) && new URL(value)
  return url &&
    !url.username &&
    !url.password &&
    (insecure ? /^https?:/ : /^(https:|http:\/\/(localhost|[^/:]+\.localhost|127(\.\d+){3}|\[::1\])[:/])/).test(
      url.href,
    )
    ? url
    : undefined
}
