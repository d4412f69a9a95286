/**
 * What a request costs when the token is in the wallet, in memory: how much `requester.fetch` adds to a `fetch` that answers at
 * once, beside what a wrapper of twenty lines adds.
 */
import { createRequester, none } from '../src/index.ts'
import { answerTo, TOKEN } from './answers.ts'
import { median, rounded, sideBySide } from './measure.ts'

const ORIGIN = 'https://photos.example.com'
const URL_ = `${ORIGIN}/alice/1.jpg`

/** What people write by hand: one token for each origin, and something for 401. */
export function handWritten(tokens: Map<string, string>): typeof fetch {
  return async (input, init = {}) => {
    const { origin } = new URL(input as string)
    const headers = new Headers(init.headers)
    const token = tokens.get(origin)
    if (token) headers.set('authorization', `Bearer ${token}`)
    const response = await globalThis.fetch(input, { ...init, headers })
    if (response.status !== 401) return response
    tokens.delete(origin)
    throw new Error('not covered by the token')
  }
}

export interface HotPath {
  /** µs a request */
  bare: number
  wrapper: number
  requester: number
  wrapperAdds: number
  requesterAdds: number
  /** what the requester adds over what the wrapper adds */
  ratio: number
}

const init = (): RequestInit => ({ headers: { accept: 'application/json' } })

/** @param repetitions medians of whole measurements: compilers settle differently each time */
export async function benchHotPath(repetitions = 5): Promise<HotPath> {
  const real = globalThis.fetch
  const canned = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { origin, pathname } = new URL(String(input))
    const { body, ...rest } = answerTo(origin, pathname, new Headers(init?.headers).get('authorization'))
    return new Response(body, rest)
  }
  try {
    globalThis.fetch = canned as typeof fetch
    const requester = createRequester({
      authorizationServers: [{ issuer: ORIGIN, hosts: [ORIGIN], client: { id: 'bench', auth: none() } }],
    })
    // So that the wallet is not looked into for one entry only.
    for (let i = 0; i < 50; i++) await requester.fetch(`${ORIGIN}/alice/${i}.jpg`, init())
    const wrapper = handWritten(new Map([[ORIGIN, TOKEN]]))
    const answer = Promise.resolve(new Response(null, { status: 200 }))
    globalThis.fetch = (() => answer) as unknown as typeof fetch
    const runs: HotPath[] = []
    for (let i = 0; i < repetitions; i++) {
      const { bare, ...times } = await sideBySide(
        {
          bare: () => globalThis.fetch(URL_, init()),
          wrapper: () => wrapper(URL_, init()),
          requester: () => requester.fetch(URL_, init()),
        },
        { rounds: 300, batch: 1000, warmUp: i ? 10 : 100 },
      )
      const wrapperAdds = times.wrapper - bare
      const requesterAdds = times.requester - bare
      runs.push({ bare, ...times, wrapperAdds, requesterAdds, ratio: requesterAdds / wrapperAdds })
    }
    const names = ['bare', 'wrapper', 'requester', 'wrapperAdds', 'requesterAdds', 'ratio'] as const
    return Object.fromEntries(
      names.map((name) => [name, rounded(median(runs.map((run) => run[name])))]),
    ) as unknown as HotPath
  } finally {
    globalThis.fetch = real
  }
}
