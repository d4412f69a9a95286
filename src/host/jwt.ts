import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { UmaError } from '../errors.ts'
import { secureUrl } from '../protocol/secure-url.ts'
import { cached } from './introspection.ts'
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

async function remoteKeys({ metadata, fetch, options, issuer }: ValidationServices): Promise<JWTVerifyGetKey> {
  const url = secureUrl((await metadata()).jwks_uri)
  if (!url)
    throw new UmaError('The authorization server names no usable jwks_uri.', { code: 'discovery_failed', issuer })
  return createRemoteJWKSet(url, {
    timeoutDuration: options.timeouts?.request ?? 3_000,
    cooldownDuration: cooldown,
    [customFetch]: (address, init) => fetch()(address, init),
  })
}
