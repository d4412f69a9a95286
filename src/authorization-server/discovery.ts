import { DiscoveryError, UmaError } from '../errors.ts'
import { type AuthorizationServerMetadata, checkMetadata, metadataUrls, readMetadata } from '../protocol/metadata.ts'
import { type Caller, call } from './call.ts'

/** What discovery needs to know of an authorization server. */
export interface DiscoveryTarget {
  issuer: string
  metadata?: AuthorizationServerMetadata | undefined
  /** Accept a document whose issuer differs from the configured one by a final slash. Default: false. */
  tolerateTrailingSlash?: boolean | undefined
  /** Metadata that was given is held to its rules. */
  scheme?: { allowInsecureHttp?: boolean | undefined } | undefined
}

/** Gives the metadata of an authorization server. */
export type Discovery = (
  target: DiscoveryTarget,
  suffix: string,
  /** Default: RFC 8414's document. */
  read?: MetadataReader,
) => Promise<AuthorizationServerMetadata>

/** Reads a metadata document, or says what is wrong with it. */
export type MetadataReader = (
  text: string,
  issuer: string,
  slashTolerant?: boolean,
) => AuthorizationServerMetadata | string

/** How long a document is believed, in milliseconds. Failures are not remembered. */
const ttl = 3_600_000

/**
 * Metadata by issuer: fetched once for all who ask at the same time, kept for an hour, tried again twice on network faults and
 * 5xx, redirects not followed (Grant §2, RFC 8414). Metadata that the caller configured is
 * held to the same rules, a final slash aside.
 *
 * It has no signal: whoever stops waiting leaves it to the others.
 *
 * @throws DiscoveryError, UmaTimeoutError
 */
export function createDiscovery(caller: Caller, onFetch: (issuer: string, url: string) => void): Discovery {
  const known = new Map<string, { until: number; document: Promise<AuthorizationServerMetadata> }>()
  return async (target, suffix, read = readMetadata) => {
    const { issuer, metadata, scheme } = target
    if (metadata) {
      // As its server publishes it, or in the words of this package.
      const text = JSON.stringify(metadata)
      const own = read(text, issuer, true)
      const known =
        typeof own === 'object' ? own : checkMetadata(JSON.parse(text), issuer, true, scheme?.allowInsecureHttp)
      if (typeof known === 'object') return known
      throw new DiscoveryError(`Metadata that was given for ${issuer}: ${own}`, { issuer })
    }
    const key = target.issuer + suffix
    let entry = known.get(key)
    if (!entry || entry.until < Date.now()) {
      entry = { until: Date.now() + ttl, document: discover(caller, target, suffix, read, onFetch) }
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
  read: MetadataReader,
  onFetch: (issuer: string, url: string) => void,
): Promise<AuthorizationServerMetadata> {
  const fail = (what: string, cause?: unknown): DiscoveryError =>
    new DiscoveryError(`Metadata of ${issuer}: ${what}`, cause ? { issuer, cause } : { issuer })
  let status = 0
  for (const url of metadataUrls(issuer, suffix)) {
    onFetch(issuer, url)
    for (let wait = 200; ; wait *= 2) {
      try {
        const answer = await call(caller, issuer, url, { headers: { accept: 'application/json' } })
        status = answer.status
        const metadata = status === 200 ? read(answer.text, issuer, tolerateTrailingSlash) : undefined
        if (typeof metadata === 'string') throw fail(metadata)
        if (metadata) return metadata
        if (status < 500) break
      } catch (error) {
        // A document that is no good is not asked for again, nor one that has used up its time.
        if (error instanceof UmaError) throw error
        if (wait > 400) throw fail('not reached', error)
      }
      if (wait > 400) break
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
    if (status !== 404) break
  }
  throw fail(`status ${status}`)
}
