import { sameDescription } from './description.ts'
import type { ProtectionApi, Registered } from './protection-api.ts'
import type { ProtectedResource, ResourceDescription } from './types.ts'

/** What a host says of its resources at the authorization server, whatever was there before (FedAuthz §3.2). */
export interface Registrar {
  /** @param taken ids that belong to other paths */
  register(owner: string, description: ResourceDescription, taken: () => Promise<Set<string>>): Promise<Registered>
  /** With the ETag that is known. What the host says of its own resource counts, whoever has changed it meanwhile. */
  update(known: ProtectedResource, description: ResourceDescription): Promise<Registered>
  /** What is gone there already is as good. */
  deregister(known: ProtectedResource): Promise<void>
}

export const statusOf = (error: unknown): unknown => (Object(error) as { status?: unknown }).status

/** @throws of all its functions: as those of the protection API */
export function createRegistrar(api: Pick<ProtectionApi, 'create' | 'read' | 'update' | 'delete' | 'list'>): Registrar {
  async function replacing<T>(etag: string | undefined, act: (etag?: string) => Promise<T>): Promise<T> {
    try {
      return await act(etag)
    } catch (error) {
      if (etag === undefined || statusOf(error) !== 412) throw error
      return act()
    }
  }

  /** The id under which the authorization server has it already: it said that there is one. */
  async function adopt(
    owner: string,
    wanted: ResourceDescription,
    taken: Set<string>,
    refusal: unknown,
  ): Promise<{ id: string; same: boolean }> {
    const candidates = (await api.list(owner)).filter((id) => !taken.has(id))
    for (const id of candidates) {
      const there = await api.read(owner, id)
      const same = sameDescription(there, wanted)
      if (same || (wanted.name !== undefined && there.name === wanted.name)) return { id, same }
    }
    throw refusal
  }

  return {
    async register(owner, description, taken) {
      try {
        return await api.create(owner, description)
      } catch (error) {
        if (statusOf(error) !== 409) throw error
        const { id, same } = await adopt(owner, description, await taken(), error)
        return same ? { id } : { ...(await api.update(owner, id, description)), id }
      }
    },
    update: ({ id, owner, etag }, description) => replacing(etag, (known) => api.update(owner, id, description, known)),
    async deregister({ id, owner, etag }) {
      await replacing(etag, (known) => api.delete(owner, id, known)).catch((error: unknown) => {
        if (statusOf(error) !== 404) throw error
      })
    },
  }
}
