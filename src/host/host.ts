import { assembleHost, type Host } from './assemble.ts'
import { createServices } from './services.ts'
import type { HostOptions } from './types.ts'

/**
 * A host at one authorization server. Nothing is sent before it is needed.
 *
 * @throws TypeError for options that cannot be right
 */
export function createHost(options: HostOptions): Host {
  return assembleHost(options, createServices(options))
}
