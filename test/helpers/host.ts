/**
 * A resource server for tests on a real loopback port: photos at /{owner}/{name}, each protected by its owner's
 * authorization server. The simulated host of src/testing answers. While it deviates in no decision, the package's own
 * host decides (rs/package-host.ts).
 */

import { SCOPES } from '../../src/testing/host/decision.ts'
import type { HostDeviations as HostQuirks } from '../../src/testing/host/deviations.ts'
import { createHost, ownerOf } from '../../src/testing/host/host.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import { fetchListener } from './fetch-listener.ts'
import { listenRecorded } from './recorded-server.ts'
import { WireRecorder } from './recorder.ts'
import { createPackageHost, type PackageHost } from './rs/package-host.ts'

export type {
  ChallengeFacts,
  ChallengeStyle,
  HostDeviations as HostQuirks,
  RequestView,
} from '../../src/testing/host/deviations.ts'
export { HOST_AGENT } from './rs/package-host.ts'

export interface HostOptions {
  /** protects everything that `owners` does not name */
  authorizationServer: AuthorizationServer
  /** the authorization server of an owner: the first segment of the path */
  owners?: Record<string, AuthorizationServer>
  /** registration, tickets and introspection as function calls instead of over HTTP */
  direct?: boolean
  port?: number
  /** the name it goes by: 127.0.0.1 or localhost */
  host?: string
  label?: string
  realm?: string
  recorder?: WireRecorder
  quirks?: Partial<HostQuirks>
}

export interface AcceptedWrite {
  method: string
  path: string
  contentType: string | undefined
  bytes: Buffer
}

export interface Host {
  readonly origin: string
  readonly port: number
  readonly label: string
  readonly recorder: WireRecorder
  /** switches may be flipped at any time */
  readonly quirks: HostQuirks
  /** what was written last, by path */
  readonly resources: ReadonlyMap<string, AcceptedWrite>
  /** every accepted write, in order */
  readonly bodies: AcceptedWrite[]
  /** client_id of this host at its authorization servers */
  readonly clientId: string
  /** the resource_id of a path at its owner's authorization server; registers it where needed */
  resourceId(path: string): Promise<string>
  close(): Promise<void>
}

let hosts = 0

export async function startHost(options: HostOptions): Promise<Host> {
  const { authorizationServer, owners = {}, label = 'host', realm = 'photos', recorder = new WireRecorder() } = options
  const clientId = `rs-${label}-${++hosts}`
  const packageHosts = new Map<AuthorizationServer, PackageHost>()
  const packageHostOf = (path: string): PackageHost => {
    const as = owners[ownerOf(path)] ?? authorizationServer
    const known = packageHosts.get(as) ?? createPackageHost({ as, clientId, realm, direct: options.direct === true })
    packageHosts.set(as, known)
    return known
  }
  const host = createHost({
    protection: (path) => packageHostOf(path).protection,
    decideAsSpecified: (request) => packageHostOf(request.path).decide(request),
    realm,
    ...(options.quirks && { deviations: options.quirks }),
  })

  const server = await listenRecorded({ recorder, label, port: options.port, host: options.host })
  server.use(fetchListener(host.fetch, server.origin))
  const bodies = (): AcceptedWrite[] => host.writes.map((write) => ({ ...write, bytes: Buffer.from(write.bytes) }))
  return {
    origin: server.origin,
    port: server.port,
    label,
    recorder,
    quirks: host.deviations,
    get resources() {
      return new Map(bodies().map((write) => [write.path, write]))
    },
    get bodies() {
      return bodies()
    },
    clientId,
    resourceId: (path) => packageHostOf(path).protection.resourceId(path, SCOPES),
    close: server.close,
  }
}
