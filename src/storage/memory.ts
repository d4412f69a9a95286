import type { UmaStorage } from './storage.ts'

/**
 * Keeps records in memory. They end with the page or the process, and nothing else can read them.
 *
 * @example
 * ```ts
 * const storage = memoryStorage()
 * ```
 */
export function memoryStorage(): UmaStorage {
  return new Map<string, string>()
}
