/** The usual cast of a test: an authorization server, a host and a recorder that sees both, all on loopback. */
import { onTestFinished } from 'vitest'
import { createRequester, none, type Requester, type RequesterOptions, type UmaEvent } from '../../src/index.ts'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from './authorization-server.ts'
import { HOST_AGENT, type Host, type HostOptions, startHost } from './host.ts'
import { type RecordedRequest, WireRecorder } from './recorder.ts'

export interface World {
  as: AuthorizationServer
  host: Host
  recorder: WireRecorder
  /** What was told, without the facts that every event has. */
  events: UmaEvent[]
  /** A requester for this world; options are laid over the usual ones. */
  requester(options?: Partial<RequesterOptions>, server?: Partial<Parameters<typeof usualServer>[1]>): Requester
  /** What the client has sent since the last call or `recorder.clear()`: not the host's own calls to its authorization server. */
  sent(): RecordedRequest[]
  /** The same as short lines: `GET host /alice/1.jpg 401`. */
  lines(): string[]
}

export interface WorldOptions {
  as?: AuthorizationServerOptions
  host?: Partial<HostOptions>
}

function usualServer(world: { as: AuthorizationServer; host: Host }, more: object = {}) {
  return { issuer: world.as.issuer, hosts: [world.host.origin], client: { id: 'spa', auth: none() }, ...more }
}

/** Starts it and closes it when the test is over. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const recorder = new WireRecorder()
  const as = await startAuthorizationServer({ recorder, ...options.as })
  const host = await startHost({ authorizationServer: as, recorder, ...options.host })
  const events: UmaEvent[] = []
  onTestFinished(async () => {
    await host.close()
    await as.close()
  })
  const sent = () =>
    recorder.requests.filter((request) => request.headers['user-agent'] !== HOST_AGENT && request.method !== 'OPTIONS')
  return {
    as,
    host,
    recorder,
    events,
    sent,
    lines: () => sent().map(({ method, server, path, status }) => `${method} ${server} ${path} ${status ?? '-'}`),
    requester: (more = {}, server = {}) =>
      createRequester({
        authorizationServers: [usualServer({ as, host }, server)],
        onEvent: (event) => events.push(detailOf(event)),
        ...more,
      }),
  }
}

/** An event without the facts that every event has: time, requesting party and request. */
export function detailOf({ at: _at, requestingParty: _party, request: _request, ...detail }: UmaEvent): UmaEvent {
  return detail as UmaEvent
}
