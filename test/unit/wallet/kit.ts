import type { Grant } from '../../../src/protocol/oauth/grant.ts'
import { type Place, toPlace } from '../../../src/wallet/place.ts'
import type { Rpt } from '../../../src/wallet/rpt.ts'
import type { Wallet } from '../../../src/wallet/wallet.ts'

export const host = 'https://photos.example.com'
export const authority = 'https://as.example.com client'

export function place(method: string, path: string, operation?: string): Place {
  const found = toPlace(method, host + path, operation)
  if (!found) throw new Error(`${path} makes no URL`)
  return found
}

export const grantOf = (token: string, more: Partial<Grant> = {}): Grant => ({ token, type: 'bearer', ...more })

/** Stores an RPT that a flow obtained. */
export const obtain = (wallet: Wallet, token: string, of = authority, at = host): Rpt =>
  wallet.store({ grant: grantOf(token), headers: { authorization: `Bearer ${token}` }, authority: of, host: at })

/** Stores an RPT and opens a GET place with it. */
export function open(wallet: Wallet, token: string, path: string): Rpt {
  const rpt = obtain(wallet, token)
  wallet.opened(rpt, place('GET', path))
  return rpt
}

/** The places of each RPT in the wallet, by the token of the RPT. */
export function placesIn(wallet: Wallet): Record<string, [string, string][]> {
  const places: Record<string, [string, string][]> = {}
  wallet.eachPlace(({ grant }, method, target) => {
    places[grant.token] = [...(places[grant.token] ?? []), [method, target]]
  })
  return places
}
