/** The simulated host of UMA before 2.0, on a real loopback port. */
import { createOlderHost } from '../../../src/testing/older/host.ts'
import { fetchListener } from '../fetch-listener.ts'
import type { ListeningServer } from '../http.ts'
import { listenRecorded } from '../recorded-server.ts'
import { WireRecorder } from '../recorder.ts'
import type { AuthorizationManager } from './authorization-manager.ts'
import type { AmHostQuirks } from './quirks.ts'

export interface AmHost extends ListeningServer {
  quirks: AmHostQuirks
  /** host_id: what the manager knows it by */
  id: string
  /** accepted writes */
  written: { path: string; body: string }[]
}

export interface AmHostOptions {
  manager: AuthorizationManager
  recorder?: WireRecorder
  label?: string
  realm?: string
  quirks?: Partial<AmHostQuirks>
  port?: number
}

export async function startAmHost(options: AmHostOptions): Promise<AmHost> {
  const { manager, recorder = new WireRecorder(), label = 'host', realm, quirks, port } = options
  const server = await listenRecorded({ recorder, label, port })
  const id = new URL(server.origin).host
  const host = createOlderHost({
    manager,
    id,
    ...(realm !== undefined && { realm }),
    ...(quirks && { deviations: quirks }),
  })
  server.use(fetchListener(host.fetch, server.origin))
  return { ...server, quirks: host.deviations, id, written: host.written }
}
