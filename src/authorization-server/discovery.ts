import pRetry from 'p-retry'
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
 * @throws DiscoveryError, UmaTimeoutError
 */
export function createDiscovery(caller: Caller, onFetch: (issuer: string, url: string) => void): Discovery {
  const known = new Map<string, { until: number; document: Promise<AuthorizationServerMetadata> }>()
  return async (target, suffix) => {
    if (target.metadata) return target.metadata
    const key = target.issuer + suffix
    let entry = known.get(key)
    if (!entry || entry.until < Date.now()) {
      entry = { until: Date.now() + ttl, document: discover(caller, target, suffix, onFetch) }
      known.set(key, entry)
      entry.document.catch(() => known.delete(key))
    }
    return entry.document
  }
}

async function discover(
  caller: Caller,
  { issuer, tolerateTrailingSlash }: DiscoveryTarget,
  suffix: string,
  onFetch: (issuer: string, url: string) => void,
): Promise<AuthorizationServerMetadata> {
  const fail = (what: string, more = {}): DiscoveryError => new DiscoveryError(`Metadata of ${issuer}: ${what}`, { issuer, ...more })
  let status = 0
  for (const url of metadataUrls(issuer, suffix)) {
    onFetch(issuer, url)
    const answer = await pRetry(
      async () => {
        const answer = await call(caller, issuer, (fetch) => fetch(url, { headers: { accept: 'application/json' } }))
        if (answer.status >= 500) throw fail(`status ${answer.status}`)
        return answer
      },
      // What has used up its time is not tried again: it would only make people wait longer.
      { retries: 2, minTimeout: 200, shouldRetry: ({ error }) => !isUmaError(error, 'timeout') },
    ).catch((cause) => {
      throw isUmaError(cause) ? cause : fail('not reached', { cause })
    })
    status = answer.status
    if (status === 404) continue
    if (status !== 200) break
    const metadata = readMetadata(answer.text, issuer, tolerateTrailingSlash)
    if (typeof metadata === 'string') throw fail(metadata)
    return metadata
  }
  throw fail(`status ${status}`)
}
