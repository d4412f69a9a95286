import type { RecordStore } from './party.ts'

/** Keeps records in memory. They end with the page or the process, and nothing else can read them. */
export function createMemoryRecords(): RecordStore {
  const values = new Map<string, string>()
  return {
    get: async (key) => values.get(key),
    getMany: async (keys) => keys.map((key) => values.get(key)),
    async set(key, value) {
      values.set(key, value)
      return true
    },
    async delete(key) {
      values.delete(key)
    },
    keys: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
    // Requests of one page or process wait for one another without a storage.
    lock: (_key, task) => task(),
  }
}
