import type { UmaStorage } from './storage.ts'

/** The default storage: gone with the page or the process, shared with nobody. */
export function memoryStorage(): UmaStorage {
  return new Map<string, string>()
}
