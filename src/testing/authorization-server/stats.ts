/** The simulated authorization server counts what a test wants to know. */

export interface ServerStats {
  /** requests of the UMA grant that reached the token endpoint; not those for a PAT, a code or a refresh token */
  tokenRequests: number
  refreshRequests: number
  patRequests: number
  discoveryRequests: number
  /** requests of the UMA grant, and refreshes of its RPTs, that are being worked on: now, and the highest number so far */
  inFlight: number
  maxInFlight: number
  ticketsIssued: number
  /** how often a spent or unknown ticket was presented, at either endpoint */
  ticketsReplayed: number
  rptsIssued: number
  /** how often an RPT that an upgrade had already replaced was sent as `rpt` */
  supersededRptsPresented: number
  refreshTokensReplayed: number
}

export function noStats(): ServerStats {
  return {
    tokenRequests: 0,
    refreshRequests: 0,
    patRequests: 0,
    discoveryRequests: 0,
    inFlight: 0,
    maxInFlight: 0,
    ticketsIssued: 0,
    ticketsReplayed: 0,
    rptsIssued: 0,
    supersededRptsPresented: 0,
    refreshTokensReplayed: 0,
  }
}
