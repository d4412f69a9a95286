/**
 * What a request costs when the token is in the wallet, in memory: how much `requester.fetch` adds to a `fetch` that answers at
 * once, beside what a wrapper of twenty lines adds.
 */
import { createRequester, none } from '../src/index.ts'
import { answerTo, TOKEN } from './answers.ts'
import { inPairs, medianOf, rounded, type Spread, sideBySide, spreadOf } from './measure.ts'

const ORIGIN = 'https://photos.example.com'
const URL_ = `${ORIGIN}/alice/1.jpg`

/**
 * The wrapper of 20 lines that people write by hand: a token for each origin, set on a copy of the headers, and something
 * for a 401.
 */
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
  ratio: Spread
}

const init = (): RequestInit => ({ headers: { accept: 'application/json' } })

export async function benchHotPath(): Promise<HotPath> {
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
    const runs = await inPairs((isFirst) =>
      sideBySide(
        {
          bare: () => globalThis.fetch(URL_, init()),
          wrapper: () => wrapper(URL_, init()),
          requester: () => requester.fetch(URL_, init()),
        },
        { rounds: 300, batch: 1000, warmUp: isFirst ? 100 : 10 },
      ),
    )
    const [bare, wrapped, ours] = [medianOf(runs, 'bare'), medianOf(runs, 'wrapper'), medianOf(runs, 'requester')]
    return {
      bare,
      wrapper: wrapped,
      requester: ours,
      wrapperAdds: rounded(wrapped - bare),
      requesterAdds: rounded(ours - bare),
      ratio: spreadOf(runs.map((run) => (run.requester - run.bare) / (run.wrapper - run.bare))),
    }
  } finally {
    globalThis.fetch = real
  }
}
