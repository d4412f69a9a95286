import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import type { Caller } from '../authorization-server/call.ts'
import { callAgain } from '../authorization-server/retry.ts'
import { DiscoveryError } from '../errors/index.ts'
import { secureUrl } from '../protocol/http/secure-url.ts'
import { cached } from './introspection.ts'
import { wasTurnedAway } from './load.ts'
import { readRptFacts } from './permissions.ts'
import type { RptFacts, RptValidation, ValidationServices } from './types.ts'

/** Options of `jwtValidation`. */
export interface JwtValidationOptions {
  /** Who the RPT has to be for: this host, as the authorization server calls it. */
  audience: string | string[]
  /** Signature algorithms that are accepted. Default: those with public keys. */
  algorithms?: string[]
  /** The keys, where they are not to be fetched from `jwks_uri`: as jose has them. */
  jwks?: JWTVerifyGetKey
  /** Difference of clocks that is tolerated for `nbf`, in seconds. Default: 5. An RPT is never good past its `exp`. */
  clockTolerance?: number
}

const publicKeyAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
  'EdDSA',
  'Ed25519',
]

/** jose's ways to say that the keys could not be had: nothing is known of the token then. */
const noKeys = [errors.JWKSTimeout, errors.JWKSInvalid, errors.JWKSMultipleMatchingKeys]

/**
 * For how long the keys are not fetched again, in milliseconds, because somebody comes with a key that is not among them. Short, for the
 * authorization server may have a new one; anybody can come with a key that nobody has.
 */
const cooldown = 5_000

/** The longest time for one call, in milliseconds, unless `timeouts.request` says otherwise. */
const usualTimeout = 3_000

/**
 * Local validation of RPTs that are JWTs (FedAuthz §5): signature, `iss`, `aud`, `exp`, `nbf`, and permissions within. One that
 * is revoked is good until it ends. What was verified is remembered as long as introspection would be.
 *
 * @example createHost({ …, validation: jwtValidation({ audience: 'photos' }) })
 */
export function jwtValidation(options: JwtValidationOptions): (services: ValidationServices) => RptValidation {
  const { audience, algorithms = publicKeyAlgorithms, clockTolerance = 5 } = options
  return (services) => {
    let fetched: Promise<JWTVerifyGetKey> | undefined
    const keys = (): Promise<JWTVerifyGetKey> => {
      fetched ??= remoteKeys(services)
      fetched.catch(() => {
        fetched = undefined
      })
      return fetched
    }

    // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: The host is divided after the engine is rebuilt.
    async function verify(token: string): Promise<RptFacts | undefined> {
      const jwks = options.jwks ?? (await keys())
      const { issuer } = await services.metadata()
      const now = Date.now()
      // jose's own key sets say so: they are not fetched again then.
      const { coolingDown } = jwks as { coolingDown?: boolean }
      try {
        const { payload } = await jwtVerify(token, jwks, {
          issuer,
          audience,
          algorithms,
          clockTolerance,
          requiredClaims: ['exp'],
        })
        if ((payload.exp ?? 0) * 1000 <= now) return undefined
        return readRptFacts(payload, services.options.dialect)
      } catch (error) {
        if (!(error instanceof errors.JOSEError) || noKeys.some((kind) => error instanceof kind)) throw error
        if (error.code === 'ERR_JOSE_GENERIC') throw error
        // Perhaps a key that is new. Who is told that the token is bad throws away a good one.
        if (coolingDown && error instanceof errors.JWKSNoMatchingKey) throw error
        return undefined
      }
    }

    const remembering = cached((_owner, token) => verify(token), services.options.cache)
    // What a JWT says does not change: it is never asked again.
    return (token, resource) => remembering(token, resource)
  }
}

/** The longest time for all attempts to fetch the keys together, in milliseconds: two waits of 60 s are among them. */
const patience = 180_000

async function remoteKeys(services: ValidationServices): Promise<JWTVerifyGetKey> {
  const { metadata, issuer, options } = services
  const url = secureUrl((await metadata()).jwks_uri)
  if (!url) throw new DiscoveryError('The authorization server names no usable jwks_uri.', { issuer })
  return createRemoteJWKSet(url, {
    timeoutDuration: patience + 3 * (options.timeouts?.request ?? usualTimeout),
    cooldownDuration: cooldown,
    [customFetch]: (address, init) => fetchKeys(services, address, init),
  })
}

/** Fetches the keys, again if that may help. `init.signal` is jose's own and ends all attempts. */
async function fetchKeys(
  { fetch, issuer, options }: ValidationServices,
  url: string,
  { method, headers, signal }: Parameters<FetchImplementation>[1],
): Promise<Response> {
  const caller: Caller = { fetch, timeout: options.timeouts?.request ?? usualTimeout, notSent: wasTurnedAway }
  const { status, text } = await callAgain(caller, issuer, url, { method, headers }, { serverErrors: true, signal })
  // A status below 200 stands for a redirect, which is not followed.
  return new Response(text || null, { status: status < 200 ? 502 : status })
}
