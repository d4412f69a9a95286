/** An authorization manager, its host and a recorder that sees both, for the length of a test. */
import { onTestFinished } from 'vitest'
import {
  type AuthorizationServer,
  clientSecretPost,
  createRequester,
  type Requester,
  type RequesterOptions,
  type UmaEvent,
} from '../../../src/index.ts'
import { REDIRECT_URI } from '../as/clients.ts'
import { type RecordedRequest, WireRecorder } from '../recorder.ts'
import {
  type AuthorizationManager,
  type AuthorizationManagerOptions,
  photoApp,
  startAuthorizationManager,
} from './authorization-manager.ts'
import { type AmHost, type AmHostOptions, startAmHost } from './host.ts'
import { managersPerson } from './person.ts'
import type { Era } from './types.ts'

export interface AmWorld {
  am: AuthorizationManager
  host: AmHost
  recorder: WireRecorder
  events: UmaEvent[]
  /** With Alice at the redirects; options are laid over the usual ones. */
  requester(scheme: AuthorizationServer['scheme'], options?: Partial<RequesterOptions>, server?: object): Requester
  /** Short lines of all requests: `GET host /alice/1.jpg 401`. Queries are left out. */
  lines(): string[]
  /** Requests to the manager whose path ends so, without its query. */
  to(path: string): RecordedRequest[]
}

export async function startAmWorld(
  era: Era,
  options: { am?: Partial<AuthorizationManagerOptions>; host?: Partial<AmHostOptions> } = {},
): Promise<AmWorld> {
  const recorder = new WireRecorder()
  const am = await startAuthorizationManager({ era, recorder, ...options.am })
  const host = await startAmHost({ manager: am, recorder, ...options.host })
  onTestFinished(async () => {
    await host.close()
    await am.close()
  })
  const events: UmaEvent[] = []
  const plain = (path: string): string => path.split('?')[0] ?? ''
  return {
    am,
    host,
    recorder,
    events,
    requester: (scheme, more = {}, server = {}) =>
      createRequester({
        authorizationServers: [
          {
            issuer: am.issuer,
            hosts: [host.origin],
            client: { id: photoApp.id, auth: clientSecretPost(photoApp.secret) },
            ...(scheme && { scheme }),
            ...server,
          },
        ],
        redirectUri: REDIRECT_URI,
        onRedirect: managersPerson(),
        onEvent: (event) => events.push(event),
        ...more,
      }),
    lines: () =>
      recorder.requests.map(
        ({ method, server, path, status }) => `${method} ${server} ${plain(path)} ${status ?? '-'}`,
      ),
    to: (path) => recorder.to('am', (request) => plain(request.path).endsWith(path)),
  }
}
