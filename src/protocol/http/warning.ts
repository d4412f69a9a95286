/** One warning of the field (RFC 7234 §5.5): code, agent, text, perhaps a date. Sticky, so that it is read in order. */
const warningValue = /[\t ,]*(\d{3})[\t ]+[^\t ",]+[\t ]+"((?:[^"\\]|\\.)*)"(?:[\t ]+"[^"]*")?[\t ]*(?:,|$)/gy

/** Whether a host says that it could not get a permission ticket (UMA Grant §3.2.2). Stops at a malformed warning. */
export function saysAuthorizationServerUnreachable(warning: string | null): boolean {
  for (const [, code, text] of (warning ?? '').matchAll(warningValue)) {
    const said = text?.replace(/\\(.)/g, '$1').toLowerCase()
    if (code === '199' && said === 'uma authorization server unreachable') return true
  }
  return false
}
