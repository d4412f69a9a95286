import { isUmaError } from '../errors/index.ts'
import type { UmaStorage } from '../storage/storage.ts'
import { checkOwner } from './check-options.ts'
import { entryOf, optionsOf, patternOf, sameDescription } from './description.ts'
import { checkOrigin } from './origins.ts'
import { type ProtectionApi, ProtectionApiError } from './protection-api.ts'
import { createRegistrar, statusOf } from './registrar.ts'
import type { ResourceMap } from './resource-map.ts'
import { createTurns } from './turns.ts'
import type { HostDialect, HostEvent, ProtectedResource, ResourceOptions } from './types.ts'

/** What was found when map and authorization server were compared. */
export interface Synchronised {
  /** Known at both. */
  kept: ProtectedResource[]
  /** Were gone at the authorization server, and are registered again, under new ids. */
  recreated: ProtectedResource[]
  /** Ids at the authorization server that no path belongs to. Nothing was done about them. */
  unknown: { owner: string; id: string }[]
  /** Owners for whom it could not be done, or not to the end: without consent, say. For one owner that was given it rejects instead. */
  failed: { owner: string; error: unknown }[]
}

/** Protection of resources: registration at the authorization server (FedAuthz §3), and the map of paths. */
export interface Resources {
  /**
   * Protects a resource. A resource that is protected already is updated only where something has changed. Several calls
   * at once make one registration. A change that somebody else made at the authorization server is replaced. Another
   * owner needs `changeOwner: true`, and gets a resource with a new id: tokens for the old one open nothing.
   *
   * @throws TypeError for a URL that has no one reading, and other options that cannot be right; the errors of calls to the authorization server and of storages
   */
  protect(options: ResourceOptions): Promise<ProtectedResource>
  /**
   * Changes the description of a protected resource: what is not mentioned stays.
   *
   * @throws TypeError if it is not protected; as `protect`
   */
  update(url: string, changes: Partial<Omit<ResourceOptions, 'url'>>): Promise<ProtectedResource>
  /**
   * Ends the protection: at the authorization server first, then here. If that fails it stays protected. What is not protected is
   * left alone.
   *
   * @param options `locally`: ends it here, whatever the authorization server says; the registration there stays
   */
  unprotect(url: string, options?: { locally?: boolean }): Promise<void>
  /** All that are protected, or those of one owner. */
  resources(owner?: string): Promise<ProtectedResource[]>
  /** Registers again what an authorization server has lost, for one owner or for all (FedAuthz §3.2.5). */
  synchronise(owner?: string): Promise<Synchronised>
}

export interface ResourcesParts {
  map: ResourceMap
  api: Pick<ProtectionApi, 'create' | 'read' | 'update' | 'delete' | 'list'>
  methods: Record<string, readonly string[]>
  /** How the server takes names: `HostDialect.resourceNames`. */
  names?: HostDialect['resourceNames'] | undefined
  origins?: readonly string[] | undefined
  tell: (event: HostEvent) => void
  storage: UmaStorage
  /** Of the keys of locks. */
  prefix: string
}

/** What a host's own parts ask of its resources. */
export interface ResourceKeeper extends Resources {
  /**
   * Registers a resource again that was refused because the authorization server does not know it any more: at most once a minute.
   *
   * @returns what is protected in its place; undefined: it is not lost, or that did not help
   */
  revive(id: string, refusal: unknown): Promise<ProtectedResource | undefined>
}

/** Milliseconds between two times that one resource is registered again for requests that come in. */
const pause = 60_000

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory of small functions. The host is divided after the engine is rebuilt.
export function createResources(parts: ResourcesParts): ResourceKeeper {
  const { map, api, methods, names, tell, storage, prefix } = parts
  const { alone, settled } = createTurns(storage, prefix)
  const registrar = createRegistrar(api)
  /** By pattern: what was registered again, and when. */
  const revived = new Map<string, { id: string; at: number }>()

  async function create(entry: Omit<ProtectedResource, 'id'>): Promise<ProtectedResource> {
    const { owner, description } = entry
    const taken = async () => new Set((await map.all()).map((resource) => resource.id))
    const { id, policyUri, etag } = await registrar.register(owner, description, taken)
    await checkId(id, entry)
    const resource = { ...entry, id, policyUri, etag }
    try {
      await map.put(resource)
    } catch (error) {
      // Nobody would know of it: the next try would make a second one.
      await api.delete(owner, id, etag).catch(() => {})
      throw error
    }
    tell({ type: 'registered', resource: id, owner })
    return resource
  }

  /**
   * An id that belongs to another path would open this path for the tokens of the other one. The id of a former owner
   * would open it for the tokens that the former owner has allowed.
   */
  async function checkId(id: string, { pattern, owner }: Omit<ProtectedResource, 'id'>): Promise<void> {
    const holder = await map.holder(id)
    if (!holder || (holder.pattern === pattern && holder.owner === owner)) return
    const init = { code: 'protection_api_failed', reason: 'id_in_use', status: 201 }
    throw new ProtectionApiError(`The id of the new resource at ${pattern} belongs to a resource already`, init)
  }

  async function change(known: ProtectedResource, entry: Omit<ProtectedResource, 'id'>): Promise<ProtectedResource> {
    const { id, owner } = known
    if (owner !== entry.owner) {
      // In this order, so that it is protected all the time.
      const resource = await create(entry)
      // It is the new owner's by now, whatever becomes of the old registration: the old owner's consent may be gone.
      await deregister(known).catch(() => tell({ type: 'deregistration-failed', resource: id, owner }))
      return resource
    }
    const told = !sameDescription(known.description, entry.description)
    if (!told && JSON.stringify(known.methods) === JSON.stringify(entry.methods)) return known
    let answer: Partial<Pick<ProtectedResource, 'policyUri' | 'etag'>> | undefined
    try {
      if (told) answer = await registrar.update(known, entry.description)
    } catch (error) {
      if (statusOf(error) === 404) return create(entry)
      throw error
    }
    const resource = {
      ...entry,
      id,
      policyUri: answer?.policyUri ?? known.policyUri,
      etag: answer ? answer.etag : known.etag,
    }
    await map.put(resource)
    tell({ type: 'updated', resource: id, owner })
    return resource
  }

  async function deregister(known: ProtectedResource): Promise<void> {
    await registrar.deregister(known)
    tell({ type: 'deregistered', resource: known.id, owner: known.owner })
  }

  async function protect(options: ResourceOptions): Promise<ProtectedResource> {
    const entry = entryOf(options, methods, names)
    checkOrigin(options.url, parts.origins)
    const { pattern } = entry
    return alone(pattern, async () => {
      const known = await map.read(pattern)
      if (!known) return create(entry)
      checkOwner(known, options)
      return change(known, entry)
    })
  }

  async function recreate(lost: ProtectedResource): Promise<ProtectedResource | undefined> {
    const { id, policyUri, etag, ...entry } = lost
    // Somebody else may have been at it meanwhile.
    const now = await map.read(lost.pattern)
    return now?.id === id ? create(entry) : undefined
  }

  async function revive(id: string, refusal: unknown): Promise<ProtectedResource | undefined> {
    const said = isUmaError(refusal, 'invalid_resource_id')
    if (!said && statusOf(refusal) !== 404) return undefined
    const before = [...revived].find(([, last]) => last.id === id)
    const pattern = before?.[0] ?? (await map.all()).find((resource) => resource.id === id)?.pattern
    if (pattern === undefined) return undefined
    return alone(pattern, async () => {
      const now = await map.read(pattern)
      // Another request, or another process, was faster.
      if (now?.id !== id) return now
      const at = Date.now()
      if (at - (revived.get(pattern)?.at ?? Number.NEGATIVE_INFINITY) < pause) return undefined
      revived.set(pattern, { id, at })
      // Some servers refuse so for other reasons: what can be read there is not lost.
      const there = api.read(now.owner, id).then(
        () => true,
        (error: unknown) => !said && statusOf(error) !== 404,
      )
      return (await there) ? undefined : recreate(now)
    })
  }

  async function synchroniseOwner(owner: string, all: ProtectedResource[], found: Synchronised): Promise<void> {
    const there = new Set(await api.list(owner))
    for (const resource of all) {
      if (resource.owner !== owner) continue
      if (there.has(resource.id)) {
        found.kept.push(resource)
        continue
      }
      const recreated = await alone(resource.pattern, () => recreate(resource))
      if (recreated) found.recreated.push(recreated)
    }
    // What is being protected meanwhile is known there before it is here.
    await settled()
    const mapped = new Set([...all, ...(await map.all())].map(({ id }) => id))
    const reported = new Set(found.unknown.map(({ id }) => id))
    for (const id of there) if (!mapped.has(id) && !reported.has(id)) found.unknown.push({ owner, id })
  }

  return {
    protect,
    revive,
    async update(url, changes) {
      const pattern = patternOf(url)
      return alone(pattern, async () => {
        const known = await map.read(pattern)
        if (!known) throw new TypeError('What is to be updated has to be protected.')
        checkOwner(known, changes)
        return change(known, entryOf({ ...optionsOf(known), ...changes, url }, methods, names))
      })
    },
    async unprotect(url, { locally = false } = {}) {
      const pattern = patternOf(url)
      await alone(pattern, async () => {
        if (!locally) {
          const known = await map.read(pattern)
          // Also rejects for what is there and cannot be read.
          if (!known) return void (await map.at(pattern))
          await deregister(known)
        }
        await map.remove(pattern)
      })
    },
    async resources(owner) {
      return (await map.all()).filter((resource) => owner === undefined || resource.owner === owner)
    },
    async synchronise(owner) {
      const all = await map.all()
      const owners = owner === undefined ? new Set(all.map((resource) => resource.owner)) : [owner]
      const found: Synchronised = { kept: [], recreated: [], unknown: [], failed: [] }
      for (const one of owners) {
        try {
          await synchroniseOwner(one, all, found)
        } catch (error) {
          if (owner !== undefined) throw error
          found.failed.push({ owner: one, error })
        }
      }
      return found
    },
  }
}
