import type { Exchange } from './exchange.ts'
import { abortable } from './lock.ts'
import { negotiate } from './negotiate.ts'
import type { UmaRequestOptions } from './options.ts'
import type { Party } from './party.ts'
import { expired, renew } from './renew.ts'
import type { Rpt } from './rpt.ts'
import type { Services } from './services.ts'

/**
 * The one way through, behind every way in: sends the request with the RPT that the wallet has for it, and negotiates if the
 * host is not content (DESIGN §4).
 *
 * @returns the host's answer, untouched
 * @throws UmaError, or whatever `exchange.send` throws
 */
export async function run<R>(
  services: Services,
  party: Party,
  exchange: Exchange<R>,
  uma: UmaRequestOptions = {},
): Promise<R> {
  const { method } = exchange
  let { url } = exchange
  let rpt = party.wallet.at(method, url)
  if (rpt && !expired(rpt)) {
    // The way that most requests go: nothing but a look-up stands between the caller and the wire.
    const presented = rpt.grant
    const result = await exchange.send(rpt.headers)
    return exchange.status(result) < 400
      ? result
      : negotiate(services, party, exchange, uma, { url, rpt, presented, result })
  }
  if (!URL.canParse(url)) return exchange.send(undefined)
  const place = new URL(url)
  place.hash = ''
  url = place.href
  const waiting = party.ledger?.ready(place.origin)
  if (waiting) await abortable(waiting, exchange.signal)
  const find = (): Rpt | undefined =>
    party.wallet.at(method, url) ?? (exchange.authorized ? undefined : party.wallet.nearest(method, place))
  if (uma.preflight && method !== 'HEAD' && !party.wallet.at(method, url)) {
    const { preflight, ...rest } = uma
    const head: Exchange<R> = {
      ...exchange,
      method: 'HEAD',
      url,
      replayable: true,
      send: (headers) => exchange.send(headers, true),
    }
    exchange.answer(await run(services, party, head, rest)).discard()
    rpt = party.wallet.at('HEAD', url)
  } else rpt = find()
  // An RPT that has ended is refreshed or dropped; one that stays as it was is of no use now.
  while (rpt && expired(rpt) && !(await abortable(renew(services, party, rpt), exchange.signal))) {
    const next = find()
    rpt = next === rpt ? undefined : next
  }
  const presented = rpt?.grant
  const result = await exchange.send(rpt?.headers)
  // Nothing was presented and nothing is missing: not a request for us.
  if (!rpt && exchange.status(result) < 400) return result
  return negotiate(services, party, exchange, uma, { url, rpt, presented, result })
}
