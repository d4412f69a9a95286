/** An authorization server's registry that is a few lines in this process, and a host's side of it. */
import { InteractionRequiredError } from '../../src/errors/index.ts'
import { createResourceMap } from '../../src/host/resource-map.ts'
import { createResources } from '../../src/host/resources.ts'
import type { HostEvent, ResourceDescription } from '../../src/host/types.ts'
import { usualMethods } from '../../src/host/warden.ts'
import type { UmaStorage } from '../../src/storage/storage.ts'

export const photo = { url: '/alice/1.jpg', owner: 'alice' }

const refused = (status: number) => Object.assign(new Error(`status ${status}`), { status })

export function setup(storage: UmaStorage = new Map<string, string>()) {
  const registry = new Map<string, { owner: string; description: ResourceDescription }>()
  const calls: string[] = []
  const events: HostEvent[] = []
  const behaviour = {
    uniqueNames: false,
    fail: false,
    etag: undefined as string | undefined,
    /** Owners who do not agree any more. */
    gone: new Set<string>(),
    /** Milliseconds that a list takes. */
    listing: 0,
  }
  const consent = (owner: string) => {
    if (behaviour.gone.has(owner)) throw new InteractionRequiredError('ask them')
  }
  let count = 0
  const known = (id: string) => {
    const entry = registry.get(id)
    if (!entry) throw refused(404)
    return entry
  }
  const ifMatch = (etag: string | undefined) => {
    if (behaviour.etag && etag && etag !== behaviour.etag) throw refused(412)
  }
  const api = {
    async create(owner: string, description: ResourceDescription) {
      calls.push('create')
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (behaviour.fail) throw refused(500)
      const taken = [...registry.values()].some((entry) => entry.description.name === description.name)
      if (behaviour.uniqueNames && taken) throw refused(409)
      const id = `r${++count}`
      registry.set(id, { owner, description })
      return { id, policyUri: `https://as.example/policy/${id}`, etag: '"1"' }
    },
    async read(_owner: string, id: string) {
      calls.push(`read ${id}`)
      return { ...known(id).description, _id: id }
    },
    async update(owner: string, id: string, description: ResourceDescription, etag?: string) {
      calls.push(`update ${id} ${etag}`)
      known(id)
      ifMatch(etag)
      registry.set(id, { owner, description })
      return { id, etag: '"2"' }
    },
    async delete(owner: string, id: string, etag?: string) {
      calls.push(`delete ${id}`)
      consent(owner)
      if (behaviour.fail) throw refused(500)
      known(id)
      ifMatch(etag)
      registry.delete(id)
    },
    async list(owner: string) {
      calls.push(`list ${owner}`)
      consent(owner)
      await new Promise((resolve) => setTimeout(resolve, behaviour.listing))
      return [...registry].filter(([, entry]) => entry.owner === owner).map(([id]) => id)
    },
  }
  const start = () => {
    const tell = (event: HostEvent) => events.push(event)
    const map = createResourceMap(storage, 'host:', tell)
    return { map, ...createResources({ map, api, methods: usualMethods, tell, storage, prefix: 'host:' }) }
  }
  return { ...start(), start, registry, calls, events, behaviour, storage }
}
