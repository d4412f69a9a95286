import type { UmaRequestOptions } from './options.ts'
import type { Exchange } from './exchange.ts'
import type { FlowServices } from './flow.ts'
import { negotiate } from './negotiate.ts'
import type { Party } from './party.ts'
import type { Trust } from './trust.ts'

/** What every request of a requester has in common. */
export interface Engine extends FlowServices {
  trust: Trust
}

/**
 * The one way through, behind every way in: sends the request with the RPT that the wallet has for it, and negotiates if the
 * host is not content (DESIGN §4).
 *
 * @returns the host's answer, untouched
 * @throws UmaError, or whatever `exchange.send` throws
 */
export async function run<R>(engine: Engine, party: Party, exchange: Exchange<R>, uma: UmaRequestOptions = {}): Promise<R> {
  const { wallet } = party
  const { method } = exchange
  let { url } = exchange
  let rpt = wallet.at(method, url)
  if (rpt) {
    // The way that most requests go: nothing but a look-up stands between the caller and the wire.
    const result = await exchange.send(rpt.headers)
    return exchange.status(result) < 400 ? result : negotiate(engine, party, exchange, uma, { url, rpt, result })
  }
  if (!URL.canParse(url)) return exchange.send(undefined)
  const place = new URL(url)
  place.hash = ''
  url = place.href
  rpt = wallet.at(method, url)
  if (!rpt && uma.preflight && method !== 'HEAD') {
    const { preflight, ...rest } = uma
    const head: Exchange<R> = { ...exchange, method: 'HEAD', url, replayable: true, send: (headers) => exchange.send(headers, true) }
    exchange.answer(await run(engine, party, head, rest)).discard()
    rpt = wallet.at('HEAD', url)
  }
  if (!rpt && !exchange.authorized) rpt = wallet.nearest(method, place)
  const result = await exchange.send(rpt?.headers)
  // Nothing was learned and nothing is to be learned: not a request for us.
  if (!rpt && exchange.status(result) < 400) return result
  return negotiate(engine, party, exchange, uma, { url, rpt, result })
}
