import { secureUrl } from '../protocol/http/secure-url.ts'
import { checkStorage, isInMemory } from '../storage/storage.ts'
import type { HostOptions, ProtectedResource, ResourceOptions } from './types.ts'

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const isObject = (value: unknown): value is object => Object(value) === value

function must(condition: unknown, what: string): asserts condition {
  if (!condition) throw new TypeError(what)
}

/** @throws TypeError for options that cannot be right or safe */
export function checkHost({ issuer, client, pat, methods, realm, storage, exclusive, origins }: HostOptions): void {
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
  checkOrigins(origins)
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
  checkUrl(url)
  must(isText(owner), 'protect: owner: say whose it is')
  must(scopes === undefined || isTexts(scopes), "protect: scopes: an array of strings, such as ['read']")
  checkMethods(methods, 'protect')
}

/** @throws TypeError for a URL with a query or a fragment, or of an origin that is not the host's */
export function checkUrl(url: unknown): void {
  must(
    typeof url !== 'string' || !/[?#]/.test(url),
    'url: a resource is a path, without query and fragment. To tell resources apart by the query, protect a path for ' +
      'each, and give the guard a function: resource: (request) => …',
  )
}

/** @throws TypeError if the owner changes without `changeOwner: true` */
export function checkOwner(
  { pattern, owner: known }: Pick<ProtectedResource, 'pattern' | 'owner'>,
  { owner = known, changeOwner }: Pick<Partial<ResourceOptions>, 'owner' | 'changeOwner'>,
): void {
  must(
    owner === known || changeOwner === true,
    `${pattern} is protected for another owner. To give it to a new owner, say changeOwner: true`,
  )
}

/** @throws TypeError for origins that are none */
function checkOrigins(origins: unknown): void {
  if (origins === undefined) return
  must(
    Array.isArray(origins) &&
      origins.length > 0 &&
      origins.every((one) => isText(one) && URL.parse(one)?.origin === one),
    "createHost: origins: the host's own origins, such as ['https://photos.example.com'], without path",
  )
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
