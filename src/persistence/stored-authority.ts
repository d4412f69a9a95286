import { type Authority, issuerOf } from '../trust/authority.ts'

/** Finds the authority behind an issuer; see `Trust`. */
export interface FindAuthority {
  find(issuer: string, resource?: string): Promise<Authority | undefined>
}

/** The authority of a stored key; undefined if the server is not trusted any more, or has another client now. */
export async function findByKey(
  trust: FindAuthority,
  authorityKey: string,
  host: string,
): Promise<Authority | undefined> {
  try {
    const authority = await trust.find(issuerOf(authorityKey), `${host}/`)
    return authority?.key === authorityKey ? authority : undefined
  } catch {
    return undefined
  }
}

/** Whether the authority may speak for the host. Only `true` allows; a rejection means no. */
export async function mayServe(authority: Authority, host: string): Promise<boolean> {
  try {
    return (await authority.speaksFor(host)) === true
  } catch {
    return false
  }
}
