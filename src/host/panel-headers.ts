/** What the panel's answers carry, so that nobody puts a page over it or a script into it. */

/** Made once: the style's hash takes a moment. */
export type PanelHeaders = () => Promise<Record<string, string>>

/**
 * @param ancestors origins, `'self'`, `'none'`
 * @throws TypeError if one of them is nothing that `frame-ancestors` can be told
 */
export function panelHeaders(ancestors: readonly string[], style: string): PanelHeaders {
  const none = ancestors.length === 0 || (ancestors.length === 1 && /^'?none'?$/.test(ancestors[0] ?? ''))
  const frames = none ? "'none'" : ancestors.map(framer).join(' ')
  let made: Promise<Record<string, string>> | undefined
  const make = async (): Promise<Record<string, string>> => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style)))
    const hash = btoa(String.fromCharCode(...digest))
    return {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors ${frames}`,
      // For browsers that are older than frame-ancestors; the others do not look at it.
      ...(frames === "'none'" && { 'x-frame-options': 'DENY' }),
      ...(frames === "'self'" && { 'x-frame-options': 'SAMEORIGIN' }),
      'x-content-type-options': 'nosniff',
      // Not no-referrer: with that, browsers send the panel's own forms with "Origin: null".
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    }
  }
  return () => {
    made ??= make()
    return made
  }
}

function framer(source: string): string {
  if (source === 'self' || source === "'self'") return "'self'"
  if (!source.includes('*') && URL.canParse(source)) {
    const url = new URL(source)
    if (/^https?:$/.test(url.protocol) && url.origin === source.replace(/\/$/, '')) return url.origin
  }
  throw new TypeError("panel: frameAncestors are origins such as https://app.example, 'self' or 'none'")
}
