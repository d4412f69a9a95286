/** The host of version 1: any object with `get`, `set` and `delete` was a storage. */
import { createHost as create, type HostOptions } from '../../src/host/index.ts'
import type { UmaStorage } from '../../src/storage/storage.ts'
import { storageOf } from './version-1-storage.ts'

export * from '../../src/host/index.ts'

export type Version1HostOptions = Omit<HostOptions, 'storage'> & { storage?: UmaStorage }

export type { Version1HostOptions as HostOptions }

export const createHost = (options: Version1HostOptions): ReturnType<typeof create> =>
  create({ ...options, ...storageOf(options.storage) } as HostOptions)
