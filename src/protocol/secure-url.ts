/** Whether a host name can only mean this machine (RFC 8252 §8.3, RFC 6761 §6.3). */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

/**
 * The URL, if tokens and people may be sent there: https (or http on this machine), no credentials, no fragment
 * (RFC 6749 §3.2, UMA Grant §5). Never throws.
 */
export function secureUrl(value: unknown): URL | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  return url &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) &&
    !url.username &&
    !url.password &&
    !(value as string).includes('#')
    ? url
    : undefined
}
