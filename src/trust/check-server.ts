import { needsMore } from '../authorization-server/client-metadata.ts'
import { isDynamicClient } from '../authorization-server/dynamic-client.ts'
import { isSignIn } from '../authorization-server/sign-in/identity.ts'
import {
  checkOptions,
  flagRule,
  isFunction,
  isObject,
  isString,
  type OptionRules,
  textRule,
} from '../errors/check-options.ts'
import { secureUrl } from '../protocol/http/secure-url.ts'
import type { AuthorizationServer } from './options.ts'

/** The facts of a scheme that the checks of a server need. */
export interface SchemeOutline {
  name: string
  allowInsecureHttp?: boolean | undefined
  /** Whether the scheme can send a person away for claims. */
  redirect?: unknown
  signIn?: unknown
}

const urlRule = 'https (or http on this machine), without credentials, query and fragment'

const rules: OptionRules<AuthorizationServer> = {
  issuer: { ...textRule, required: true },
  hosts: {
    check: (value) => value === 'any' || Array.isArray(value) || isFunction(value),
    expected: "a list of origins such as ['https://photos.example.com'], a predicate, or 'any'",
    required: true,
  },
  client: {
    check: (value) => isDynamicClient(value) || (isObject(value) && isString(value.id) && value.id !== ''),
    expected: '{ id }, or dynamicClient() of uma-requester/client/dynamic',
    required: true,
  },
  signIn: {
    check: (value) => isSignIn(value),
    expected: 'codeFlow({ scope }) or defineSignIn({ begin, finish }) of uma-requester/sign-in',
  },
  parameters: { check: isObject, expected: 'an object of token request parameters' },
  pushClaims: { check: (value) => value === 'asked' || value === 'first', expected: "'asked' or 'first'" },
  metadata: { check: isObject, expected: 'the metadata document of the server' },
  scheme: { check: isObject, expected: 'a scheme: of uma-requester/schemes, or made with defineScheme()' },
  redirectUri: textRule,
  allowPrivate: flagRule,
  tolerateTrailingSlash: flagRule,
  unchangedTicket: flagRule,
  staleStatuses: {
    check: (value) => Array.isArray(value) && value.every((status) => status === 400 || status === 403),
    expected: 'a list of 400 and 403',
  },
  sendAccessToken: flagRule,
}

/**
 * Checks the configuration of one authorization server.
 *
 * @param defaultScheme the scheme of a server that names none
 * @throws TypeError that names the setting and the fix
 */
export function checkServer(server: AuthorizationServer, defaultScheme: SchemeOutline): void {
  const where = `authorizationServers: ${isObject(server) ? server.issuer : server}`
  checkOptions(where, server, rules)
  const { issuer, hosts, client, signIn, sendAccessToken } = server
  const { allowInsecureHttp }: SchemeOutline = server.scheme ?? defaultScheme
  const must = (condition: unknown, fix: string): void => {
    if (!condition) throw new TypeError(`${where}: ${fix}`)
  }
  must(secureUrl(issuer, allowInsecureHttp) && !issuer.includes('?'), `the issuer must be ${urlRule}`)
  must(!issuer.includes('/.well-known/'), 'the issuer is the part of the URL that stands before /.well-known/')
  const method = isDynamicClient(client) ? client.metadata.token_endpoint_auth_method : undefined
  must(!needsMore(method) || client.auth || signIn, `client.auth is missing, for ${method}`)
  must(!client.auth || isFunction(client.auth), 'client.auth must be a client authentication, such as none()')
  must(!sendAccessToken || Array.isArray(hosts), 'sendAccessToken needs hosts as a list of origins')
  if (Array.isArray(hosts)) for (const host of hosts) checkHost(host, allowInsecureHttp, must)
}

/** A path would be ignored, because tokens belong to origins. */
function checkHost(
  host: unknown,
  allowInsecureHttp: boolean | undefined,
  must: (condition: unknown, fix: string) => void,
): void {
  const url = isString(host) ? secureUrl(host, allowInsecureHttp) : undefined
  must(url, `each of hosts must be ${urlRule}`)
  if (url && url.pathname !== '/') must(false, `hosts: ${host} has a path; write '${url.origin}'`)
}
