import { abortable } from '../async/abortable.ts'
import { monotonic } from '../async/timers.ts'
import { DiscoveryError, UmaError } from '../errors/index.ts'
import { isPrivate } from '../protocol/http/endpoint-url.ts'
import {
  type AuthorizationServerMetadata,
  checkMetadata,
  type MetadataReader,
  metadataUrls,
  readMetadata,
} from '../protocol/oauth/metadata.ts'
import { type CallAnswer, type Caller, notReached } from './call.ts'
import { callAgain } from './retry.ts'

/** The facts that discovery needs of an authorization server. */
export interface DiscoveryTarget {
  issuer: string
  /** Metadata from the configuration. If given, nothing is fetched. */
  metadata?: AuthorizationServerMetadata | undefined
  /** Accepts a document whose issuer differs from the configured one by a final slash. @default false */
  tolerateTrailingSlash?: boolean | undefined
  /** Drops endpoints at private addresses. @default false */
  publicOnly?: boolean | undefined
  /** The scheme, whose rules metadata from the configuration must keep, too. */
  scheme?: { allowInsecureHttp?: boolean | undefined } | undefined
}

/**
 * Gives the metadata of an authorization server.
 *
 * @param suffix the suffix of the document's URL
 * @param read reads the document; by default as RFC 8414 says
 * @param signal ends the waiting of this caller. The request ends when nobody waits for it any more.
 * @throws DiscoveryError, UmaTimeoutError, or the reason of `signal`
 */
export type Discovery = (
  target: DiscoveryTarget,
  suffix: string,
  read?: MetadataReader,
  signal?: AbortSignal,
) => Promise<AuthorizationServerMetadata>

/** For how long a document is used, in milliseconds. Failures are not remembered. */
const lifetime = 3_600_000

/** A document that was fetched or is being fetched. */
interface SharedDocument {
  /** When it must be fetched again, by the monotonic clock. */
  until: number
  document: Promise<AuthorizationServerMetadata>
  isSettled: boolean
  /** How many callers wait for it. */
  waiting: number
  /** Ends the request. */
  end: AbortController
}

/**
 * Metadata by issuer (UMA Grant §2, RFC 8414). A document is fetched once for all callers that ask at the same time,
 * and is used for an hour. The request is repeated after network faults and 5xx. Redirects are not followed. Metadata
 * from the configuration must keep the same rules, except that its issuer may differ by a final slash.
 *
 * @param onFetch is told about each URL before it is fetched
 */
export function createDiscovery(caller: Caller, onFetch: (issuer: string, url: string) => void): Discovery {
  const documents = new Map<string, SharedDocument>()

  function documentOf(key: string, fetchDocument: (signal: AbortSignal) => SharedDocument['document']): SharedDocument {
    const known = documents.get(key)
    if (known && known.until > monotonic()) return known
    const end = new AbortController()
    const document = fetchDocument(end.signal)
    const shared: SharedDocument = { until: monotonic() + lifetime, document, isSettled: false, waiting: 0, end }
    documents.set(key, shared)
    const settled = (): void => {
      shared.isSettled = true
    }
    document.then(settled, () => {
      settled()
      forget(key, shared)
    })
    return shared
  }

  function forget(key: string, shared: SharedDocument): void {
    if (documents.get(key) === shared) documents.delete(key)
  }

  async function waitFor(
    key: string,
    shared: SharedDocument,
    signal: AbortSignal | undefined,
  ): Promise<AuthorizationServerMetadata> {
    shared.waiting++
    try {
      return await abortable(shared.document, signal)
    } finally {
      shared.waiting--
      if (shared.waiting === 0 && !shared.isSettled) {
        forget(key, shared)
        shared.end.abort(signal?.reason)
      }
    }
  }

  return async (target, suffix, read = readMetadata, signal) => {
    if (target.metadata) return configuredMetadata(target, read)
    const key = `${target.issuer}${suffix}${target.publicOnly ? ' public' : ''}`
    const shared = documentOf(key, (end) => discover(caller, target, suffix, { read, onFetch, signal: end }))
    return waitFor(key, shared, signal)
  }
}

/** Metadata from the configuration, in the words of its server or in those of this package. */
function configuredMetadata(
  { issuer, metadata, scheme }: DiscoveryTarget,
  read: MetadataReader,
): AuthorizationServerMetadata {
  const text = JSON.stringify(metadata)
  const asPublished = read(text, issuer, true)
  if (typeof asPublished === 'object') return asPublished
  const asOurs = checkMetadata(JSON.parse(text), issuer, {
    tolerateTrailingSlash: true,
    allowInsecureHttp: scheme?.allowInsecureHttp,
  })
  if (typeof asOurs === 'object') return asOurs
  throw new DiscoveryError(`Metadata that was given for ${issuer}: ${asPublished}`, { issuer })
}

/** How one document is discovered. */
interface DiscoverOptions {
  read: MetadataReader
  onFetch: (issuer: string, url: string) => void
  signal: AbortSignal
}

async function discover(
  caller: Caller,
  { issuer, tolerateTrailingSlash, publicOnly }: DiscoveryTarget,
  suffix: string,
  { read, onFetch, signal }: DiscoverOptions,
): Promise<AuthorizationServerMetadata> {
  for (const url of metadataUrls(issuer, suffix)) {
    onFetch(issuer, url)
    const { status, text } = await fetchDocument(caller, issuer, url, signal)
    // The document is not at this URL. The next one is tried.
    if (status === 404) continue
    if (status !== 200) throw discoveryError(issuer, `status ${status}`, { retryable: status >= 500 })
    const metadata = read(text, issuer, tolerateTrailingSlash)
    if (typeof metadata === 'string') throw discoveryError(issuer, metadata)
    return publicOnly ? withoutPrivateUrls(metadata) : metadata
  }
  throw discoveryError(issuer, 'status 404')
}

/**
 * The metadata without URLs at private addresses: such an endpoint is as good as none.
 *
 * @throws DiscoveryError if the token endpoint is at a private address
 */
function withoutPrivateUrls(metadata: AuthorizationServerMetadata): AuthorizationServerMetadata {
  const { issuer, token_endpoint: endpoint } = metadata
  if (endpoint !== undefined && isPrivate(endpoint)) {
    throw discoveryError(issuer, 'private token_endpoint (allowPrivate)')
  }
  const kept = Object.entries(metadata).filter(([, value]) => !(typeof value === 'string' && isPrivate(value)))
  return Object.fromEntries(kept) as AuthorizationServerMetadata
}

async function fetchDocument(caller: Caller, issuer: string, url: string, signal: AbortSignal): Promise<CallAnswer> {
  const init = { headers: { accept: 'application/json' } }
  try {
    return await callAgain(caller, issuer, url, init, { serverErrors: true, signal })
  } catch (cause) {
    if (cause instanceof UmaError || signal.aborted) throw cause
    throw new DiscoveryError(`Metadata: ${notReached(issuer)}`, { issuer, cause, retryable: true })
  }
}

const discoveryError = (issuer: string, problem: string, facts: { retryable?: boolean } = {}): DiscoveryError =>
  new DiscoveryError(`Metadata of ${issuer}: ${problem}`, { issuer, ...facts })
