import type { Grant } from '../../../src/protocol/oauth/grant.ts'
import { type Place, toPlace } from '../../../src/wallet/place.ts'
import type { Rpt } from '../../../src/wallet/rpt.ts'
import type { StoredRpt, Wallet } from '../../../src/wallet/wallet.ts'

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

export const storedRpt = (id: string, more: Partial<StoredRpt> = {}): StoredRpt => ({
  id,
  revision: 0,
  grant: grantOf(`token-${id}`),
  places: [],
  insufficient: [],
  ...more,
})

export const present = ({ token }: Grant): { authorization: string } => ({ authorization: `Bearer ${token}` })

/** Writes what the wallet holds of the authority and the host, as a save does. */
export function saveAll(wallet: Wallet): StoredRpt[] {
  const { rpts, stored } = wallet.dump(authority, host)
  stored()
  return JSON.parse(JSON.stringify(rpts)) as StoredRpt[]
}
