/** The parts of a simulated authorization server that its stores need. */
import type { Deviations } from '../dialects/deviations.ts'
import type { Clock } from '../wire/clock.ts'
import type { SigningKey } from '../wire/keys.ts'
import type { ServerStats } from './stats.ts'

export interface ServerContext {
  /** the issuer without a trailing slash; the URL of each endpoint starts with it */
  readonly base: string
  readonly issuer: string
  readonly clock: Clock
  readonly key: SigningKey
  readonly deviations: Deviations
  readonly stats: ServerStats
}
