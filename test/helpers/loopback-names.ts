/**
 * Node resolves `localhost` but, unlike browsers, not `sub.localhost` (that is left to the system's resolver, and most answer ENOTFOUND).
 * While this is in force every `*.localhost` and every name given is 127.0.0.1 for everything in this process: node:http, fetch, axios, ky.
 */
import dns from 'node:dns'

export function nameLoopback(...names: string[]): () => void {
  const original = dns.lookup
  const isOurs = (host: string): boolean => host.endsWith('.localhost') || names.includes(host)
  const patched = (host: string, options: unknown, callback?: unknown): void => {
    const done = (typeof options === 'function' ? options : callback) as (...args: unknown[]) => void
    if (!isOurs(host)) {
      Reflect.apply(
        original,
        dns,
        [host, options, callback].filter((x) => x !== undefined),
      )
      return
    }
    const all = typeof options === 'object' && options !== null && (options as { all?: boolean }).all === true
    process.nextTick(() => (all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)))
  }
  dns.lookup = Object.assign(patched, original) as unknown as typeof dns.lookup
  return () => {
    dns.lookup = original
  }
}
