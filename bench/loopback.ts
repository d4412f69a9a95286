/** What a request costs when the token is in the wallet, over HTTP on this machine with connections kept: with and without us. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import axios from 'axios'
import ky from 'ky'
import { attachRequester } from '../src/axios.ts'
import { createRequester, none } from '../src/index.ts'
import { extendKy } from '../src/ky.ts'
import { TOKEN } from './answers.ts'
import { handWritten } from './hot-path.ts'
import { type Rounds, rounded, sideBySide } from './measure.ts'

export type Way = 'fetch' | 'axios' | 'ky'

export interface Loopback {
  /** µs a request, body read */
  bare: number
  withRequester: number
  ratio: number
  /** the hand-written wrapper of the hot path, for comparison */
  wrapper?: number
  wrapperRatio?: number
}

type Times = { bare: number; withRequester: number }

/** Of several measurements the one with the median ratio. */
async function middle<T extends Times>(repetitions: number, measure: () => Promise<T>): Promise<T> {
  const all: T[] = []
  for (let i = 0; i < repetitions; i++) all.push(await measure())
  const ratio = ({ bare, withRequester }: Times): number => withRequester / bare
  return all.sort((a, b) => ratio(a) - ratio(b))[repetitions >> 1] as T
}

export async function benchLoopback(): Promise<Record<Way, Loopback>> {
  const worker = new Worker(new URL('loopback-server.ts', import.meta.url))
  try {
    const [origin] = (await once(worker, 'message')) as [string]
    const url = `${origin}/alice/1.jpg`
    const headers = { authorization: `Bearer ${TOKEN}` }
    const requester = createRequester({
      authorizationServers: [{ issuer: origin, hosts: [origin], client: { id: 'bench', auth: none() } }],
    })
    const wrapper = handWritten(new Map([[origin, TOKEN]]))
    const bareAxios = axios.create()
    const attached = axios.create()
    attachRequester(attached, requester)
    // ky's own time-out, which our way in takes away, is not what is measured.
    const bareKy = ky.create({ timeout: false })
    const extended = extendKy(bareKy, requester)
    const rounds: Rounds = { rounds: 2500, batch: 1, warmUp: 2500 }
    // The bare ones are given the token, and do the same work on the wire.
    const byFetch = await middle(3, () =>
      sideBySide(
        {
          bare: async () => (await fetch(url, { headers })).json(),
          wrapper: async () => (await wrapper(url)).json(),
          withRequester: async () => (await requester.fetch(url)).json(),
        },
        rounds,
      ),
    )
    const byAxios = await sideBySide(
      { bare: () => bareAxios.get(url, { headers }), withRequester: () => attached.get(url) },
      rounds,
    )
    const byKy = await sideBySide(
      { bare: () => bareKy.get(url, { headers }).json(), withRequester: () => extended.get(url).json() },
      rounds,
    )
    const way = ({ bare, withRequester }: Times): Loopback => ({
      bare: rounded(bare, 1),
      withRequester: rounded(withRequester, 1),
      ratio: rounded(withRequester / bare),
    })
    const { wrapper: wrapped, bare } = byFetch
    return {
      fetch: { ...way(byFetch), wrapper: rounded(wrapped, 1), wrapperRatio: rounded(wrapped / bare) },
      axios: way(byAxios),
      ky: way(byKy),
    }
  } finally {
    await worker.terminate()
  }
}
