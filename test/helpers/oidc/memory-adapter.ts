/** oidc-provider's storage: a Map. Its own in-memory adapter warns on the console and forgets after a thousand entries. */
type Payload = Record<string, unknown> & { grantId?: string; uid?: string; consumed?: number }

export interface MemoryAdapter {
  upsert(id: string, payload: Payload, expiresIn?: number): Promise<void>
  find(id: string): Promise<Payload | undefined>
  findByUid(uid: string): Promise<Payload | undefined>
  findByUserCode(): Promise<undefined>
  consume(id: string): Promise<void>
  destroy(id: string): Promise<void>
  revokeByGrantId(grantId: string): Promise<void>
}

export function memoryAdapterFactory(): (model: string) => MemoryAdapter {
  const store = new Map<string, { payload: Payload; expiresAt: number }>()
  const live = (key: string): Payload | undefined => {
    const entry = store.get(key)
    return entry !== undefined && entry.expiresAt > Date.now() ? entry.payload : undefined
  }
  return (model) => ({
    async upsert(id, payload, expiresIn) {
      store.set(`${model}:${id}`, {
        payload,
        expiresAt: expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000,
      })
    },
    async find(id) {
      return live(`${model}:${id}`)
    },
    async findByUid(uid) {
      for (const [key, { payload }] of store) if (key.startsWith(`${model}:`) && payload.uid === uid) return live(key)
      return undefined
    },
    async findByUserCode() {
      return undefined
    },
    async consume(id) {
      const payload = live(`${model}:${id}`)
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      store.delete(`${model}:${id}`)
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of store)
        if (payload.grantId === grantId && !key.startsWith('Grant:')) store.delete(key)
    },
  })
}
