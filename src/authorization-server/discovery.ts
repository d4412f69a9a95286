import pRetry, { AbortError } from 'p-retry'
import { DiscoveryError, isUmaError } from '../errors.ts'
import { type AuthorizationServerMetadata, metadataUrls, readMetadata } from '../protocol/metadata.ts'
import { type Caller, call } from './call.ts'

/** What discovery needs to know of an authorization server. */
export interface DiscoveryTarget {
  issuer: string
  metadata?: AuthorizationServerMetadata | undefined
  /** Accept a document whose issuer differs from the configured one by a final slash. Default: false. */
  tolerateTrailingSlash?: boolean | undefined
}

/** Gives the metadata of an authorization server. */
export type Discovery = (target: DiscoveryTarget, suffix: string) => Promise<AuthorizationServerMetadata>

/** How long a document is believed, in milliseconds. Failures are not remembered. */
const ttl = 3_600_000

/**
 * Metadata by issuer: fetched once for all who ask at the same time, kept for an hour, tried again twice on network faults and
 * 5xx, redirects not followed (Grant §2, RFC 8414). Metadata that the caller configured is taken as it is.
 *
 * It has no signal: whoever stops waiting leaves it to the others.
 *
 * @throws DiscoveryError
 */
export function createDiscovery(caller: Caller, onFetched: (issuer: string, url: string) => void): Discovery {
  const known = new Map<string, { until: number; metadata: Promise<AuthorizationServerMetadata> }>()
  return (target, suffix) => {
    if (target.metadata) return Promise.resolve(target.metadata)
    const key = target.issuer + suffix
    const entry = known.get(key)
    if (entry && entry.until > Date.now()) return entry.metadata
    const metadata = discover(caller, target, suffix, onFetched)
    known.set(key, { until: Date.now() + ttl, metadata })
    metadata.catch(() => known.delete(key))
    return metadata
  }
}

async function discover(
  caller: Caller,
  { issuer, tolerateTrailingSlash }: DiscoveryTarget,
  suffix: string,
  onFetched: (issuer: string, url: string) => void,
): Promise<AuthorizationServerMetadata> {
  const fail = (what: string, cause?: unknown): DiscoveryError =>
    new DiscoveryError(
      `The metadata of ${issuer} ${what}. Check the issuer, or give the metadata in the configuration.`,
      cause === undefined ? { issuer } : { issuer, cause },
    )
  for (const url of metadataUrls(issuer, suffix)) {
    onFetched(issuer, url)
    const answer = await pRetry(
      async () => {
        const answer = await call(caller, undefined, issuer, (fetch, signal) =>
          fetch(url, { headers: { accept: 'application/json' }, signal }),
        ).catch((error: unknown) => {
          // Retrying what has already used up its time only makes people wait longer.
          throw isUmaError(error) ? new AbortError(error) : fail('could not be fetched', error)
        })
        if (!answer) throw new AbortError(fail('is longer than 1 MiB'))
        if (answer.status >= 500) throw fail(`could not be fetched: status ${answer.status}`)
        return answer
      },
      { retries: 2, minTimeout: 200 },
    )
    if (answer.status === 404) continue
    if (answer.status !== 200) throw fail(`could not be fetched: status ${answer.status}`)
    const metadata = readMetadata(answer.text, issuer, tolerateTrailingSlash)
    if (typeof metadata === 'string') throw fail(metadata)
    return metadata
  }
  throw fail('was not found')
}
