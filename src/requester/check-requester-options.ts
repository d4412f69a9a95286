import {
  checkOptions,
  countRule,
  flagRule,
  functionRule,
  isFunction,
  isObject,
  isString,
  type OptionRules,
  textRule,
} from '../errors/check-options.ts'
import type { FlowOptions } from '../flow/options.ts'
import { checkStorage, isInMemory } from '../storage/storage.ts'
import { checkServer } from '../trust/check-server.ts'
import type { AuthorizationServer } from '../trust/options.ts'
import { destinations, refuseSharedRedirectUris, sendsPeopleToSignIn } from '../trust/redirect-uris.ts'
import type { RequesterOptions } from './options.ts'

const where = 'createRequester'

/** The storage has a check of its own. */
const anyRule = { check: () => true, expected: '' }

const rules: OptionRules<RequesterOptions> = {
  authorizationServers: {
    check: (value) => Array.isArray(value) || isFunction(value),
    expected: 'a list of the trusted servers, or a function that finds them',
    required: true,
  },
  schemes: { check: Array.isArray, expected: 'a list of schemes, such as [puma()]' },
  requestingParty: {
    check: (value) => isString(value) || isFunction(value),
    expected: 'a string, or a function that returns a string or undefined',
  },
  maxEntries: countRule,
  maxParties: countRule,
  claims: functionRule('a function that resolves with { token, format } or undefined'),
  redirectUri: textRule,
  onRedirect: {
    check: (value) => isFunction(value) || (isObject(value) && isFunction(value.open)),
    expected: 'a function, or a redirect handler such as popupRedirect()',
  },
  timeouts: { check: isObject, expected: 'an object such as { request: 10_000, flow: 300_000 }' },
  maxRounds: countRule,
  polling: { check: isObject, expected: 'an object such as { interval: 5, minInterval: 1, max: 60 }' },
  maxFlowsPerRequest: countRule,
  interactive: flagRule,
  storage: anyRule,
  headers: { check: (value) => typeof value === 'object', expected: 'headers, such as { accept: "application/json" }' },
  fetch: functionRule('a function like fetch'),
  onEvent: functionRule('a function that receives events'),
}

const timeoutRules: OptionRules<NonNullable<FlowOptions['timeouts']>> = { request: countRule, flow: countRule }

const pollingRules: OptionRules<NonNullable<FlowOptions['polling']>> = {
  interval: countRule,
  minInterval: countRule,
  max: countRule,
}

/** The facts of UMA 2.0, the scheme of a server that names none, as far as the checks need them. */
const uma2Facts = { name: 'uma2', redirect: true }

/**
 * Checks the options of `createRequester`, without anything that is needed later. So this can run before the engine is
 * loaded.
 *
 * @throws TypeError that names the option and the fix
 */
export function checkRequesterOptions(options: RequesterOptions): void {
  checkOptions(where, options, rules)
  const { timeouts, polling, storage, requestingParty, authorizationServers } = options
  if (timeouts) checkOptions(`${where}: timeouts`, timeouts, timeoutRules)
  if (polling) checkOptions(`${where}: polling`, polling, pollingRules)
  checkStorage(storage, `${where}: storage`)
  if (storage && !isInMemory(storage) && requestingParty === undefined) {
    throw new TypeError(
      `${where}: requestingParty is missing: with a storage, say whose tokens these are, because the next person at ` +
        'this storage is another',
    )
  }
  if (typeof authorizationServers === 'function') return
  for (const server of authorizationServers) {
    checkServer(server, uma2Facts)
    checkRedirectUri(options, server)
  }
  if (options.onRedirect) refuseSharedRedirectUris(destinations(authorizationServers, options.redirectUri, uma2Facts))
}

/** A sign-in needs a redirect URI. A redirect for claims does not: the server may know exactly one (UMA Grant §3.3.2). */
function checkRedirectUri({ onRedirect, redirectUri }: RequesterOptions, server: AuthorizationServer): void {
  // A handler that is an object may bring its own redirect URI.
  if (typeof onRedirect !== 'function' || !sendsPeopleToSignIn(server)) return
  if (redirectUri !== undefined || server.redirectUri !== undefined) return
  throw new TypeError(
    `${where}: redirectUri is missing: people who sign in at ${server.issuer} have to come back to a page of yours`,
  )
}
