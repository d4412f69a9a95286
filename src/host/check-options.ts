import { secureUrl } from '../protocol/http/secure-url.ts'
import { checkStorage, isInMemory } from '../storage/storage.ts'
import type { HostOptions, ResourceOptions } from './types.ts'

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const isObject = (value: unknown): value is object => Object(value) === value

function must(condition: unknown, what: string): asserts condition {
  if (!condition) throw new TypeError(what)
}

/** @throws TypeError for options that cannot be right or safe */
export function checkHost({ issuer, client, pat, methods, realm, storage, exclusive }: HostOptions): void {
  const rule = 'https (or http on this machine), without credentials, query and fragment'
  must(secureUrl(issuer) && !issuer.includes('?'), `createHost: the issuer must be ${rule}`)
  must(
    client && ('register' in client ? isObject(client.register) : client.id),
    'createHost: client: an id, or metadata to register',
  )
  const method = 'register' in client ? client.register.token_endpoint_auth_method : undefined
  must(
    client.auth || !/jwt|tls/.test(method ?? ''),
    `createHost: client.auth: ${method} needs what it authenticates with, such as privateKeyJwt(…)`,
  )
  must(
    !pat || pat.grant === 'client_credentials' || secureUrl(pat.redirectUri),
    `createHost: pat.redirectUri must be ${rule}`,
  )
  must(realm === undefined || /^[\t -~]*$/.test(realm), 'createHost: a realm has to fit into a header field')
  checkMethods(methods, 'createHost')
  checkStorage(storage, 'createHost: storage')
  must(
    exclusive === true || !storage || isInMemory(storage) || (storage.keys && storage.lock),
    'createHost: storage: several processes lose each other’s changes without the functions `keys` and `lock`. Use ' +
      'sqliteStorage or redisStorage, add the functions, or say exclusive: true if one process has the storage to itself',
  )
}

/** @throws TypeError if nothing can be protected with these */
export function checkResource({ url, owner, scopes, methods }: ResourceOptions): void {
  must(isText(url), "protect: url: a path, such as '/alice/1.jpg'")
  must(isText(owner), 'protect: owner: say whose it is')
  must(scopes === undefined || isTexts(scopes), "protect: scopes: an array of strings, such as ['read']")
  checkMethods(methods, 'protect')
}

function checkMethods(methods: unknown, where: string): void {
  if (methods === undefined) return
  must(isObject(methods), `${where}: methods: an object, such as { GET: ['read'] }`)
  for (const [method, scopes] of Object.entries(methods)) {
    const wanted = method.toUpperCase()
    // They are compared as they come over the wire: a rule for `get` would be one for nothing.
    must(method && method === wanted, `${where}: methods: write ${wanted} for ${method}`)
    must(isTexts(scopes), `${where}: methods.${method}: an array of scopes, such as ['read']`)
  }
}
