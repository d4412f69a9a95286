/** Collects whatever was secret, and all that a program might print. */
import { inspect } from 'node:util'
import { onTestFinished, vi } from 'vitest'
import type { RecordedRequest } from '../helpers/recorder.ts'
import type { World } from '../helpers/world.ts'

const names =
  /^(ticket|rpt|pct|claim_token|client_secret|client_assertion|access_token|refresh_token|token|code|state)$/

export interface Safe {
  /** All that was secret so far. */
  all(): string[]
  add(secret: string | null | undefined): void
  /** For the calls to authorization servers: sees what they answer. */
  fetch: typeof fetch
  /** Sees the parameters of a URL that a person is sent to, or comes back on. */
  url(url: string): string
}

export function safe(world: World, given: string[]): Safe {
  const found = new Set(given)
  const add = (secret: string | null | undefined): void => void (secret && secret.length > 5 && found.add(secret))
  const url = (text: string): string => {
    for (const [name, value] of URL.parse(text)?.searchParams ?? []) if (names.test(name)) add(value)
    return text
  }
  const fromWire = ({ headers, answerHeaders, body, path }: RecordedRequest): void => {
    for (const [, ticket] of (answerHeaders?.['www-authenticate'] ?? '').matchAll(/ticket="?([^",]+)/g)) add(ticket)
    add(/^(?:Bearer|Basic) (.+)$/.exec(headers.authorization ?? '')?.[1])
    for (const [name, value] of new URLSearchParams(body.toString())) if (names.test(name)) add(value)
    url(`http://x${path}`)
    url(answerHeaders?.location ?? '')
  }
  return {
    add,
    url,
    all() {
      world.recorder.requests.forEach(fromWire)
      return [...found]
    },
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const text = await response.text()
      for (const [, name = '', value] of text.matchAll(/"(\w+)": ?"([^"]+)"/g)) if (names.test(name)) add(value)
      return new Response(text || null, response)
    },
  }
}

const attempt = (print: () => unknown): string => {
  try {
    return String(print() ?? '')
  } catch {
    // Some hold functions, or point at themselves: nobody prints them so.
    return ''
  }
}

/** All that a logger might make of an error, its causes included. */
export function prints(thing: unknown): string {
  const texts: string[] = []
  for (let one = thing, depth = 0; one !== undefined && one !== null && depth < 6; depth++) {
    const error = one as Error & { toJSON?(): unknown }
    texts.push(
      inspect(error, { depth: 10 }),
      String(error),
      String(error.stack),
      String(error.message),
      attempt(() => JSON.stringify(error)),
      attempt(() => JSON.stringify(error.toJSON?.())),
      attempt(() => JSON.stringify(error, Object.getOwnPropertyNames(error))),
      attempt(() => inspect({ ...error }, { depth: 10 })),
      attempt(() => inspect(structuredClone(error), { depth: 10 })),
      // A worker, a child process and IndexedDB clone; so do error reporters.
      attempt(() => inspect(structuredClone({ ...error }), { depth: 10 })),
      attempt(() => Object.entries(error).map(([name, value]) => `${name}=${inspect(value, { depth: 10 })}`)),
    )
    one = error.cause
  }
  return texts.join('\n')
}

/** What is written to the console, to stdout and stderr, and as a warning, until the test is over. */
export function overheard(): () => string {
  const lines: string[] = []
  const hear = (...args: unknown[]): void => void lines.push(args.map((one) => inspect(one, { depth: 10 })).join(' '))
  const spies = (['log', 'info', 'warn', 'error', 'debug', 'trace'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(hear),
  )
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      hear(chunk)
      return true
    })
    spies.push(spy as never)
  }
  process.on('warning', hear)
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
    process.off('warning', hear)
  })
  return () => lines.join('\n')
}
