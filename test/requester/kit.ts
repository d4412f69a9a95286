/** What several tests of the engine look at. */
import { onTestFinished } from 'vitest'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../helpers/authorization-server.ts'
import { HOST_AGENT } from '../helpers/host.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'
import type { World } from '../helpers/world.ts'

/** The RPT that was presented at a path last. */
export const rptAt = (world: World, path: string): string | undefined =>
  world
    .sent()
    .findLast((r) => r.path === path)
    ?.headers.authorization?.slice(7)

/** The form parameters of every token request, in order. */
export const tokenRequests = (world: World): URLSearchParams[] =>
  formsOf(world.sent().filter((r) => r.path.endsWith('/token')))

export const formsOf = (requests: RecordedRequest[]): URLSearchParams[] =>
  requests.map((r) => new URLSearchParams(r.body.toString()))

/** Another authorization server, with a recorder of its own, for the length of a test. */
export async function second(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const as = await startAuthorizationServer({ label: 'as2', ...options })
  onTestFinished(as.close)
  return as
}

/** What a second authorization server got from the client, not from the host. */
export const fromClient = (as: AuthorizationServer): RecordedRequest[] =>
  as.recorder.requests.filter((r) => r.headers['user-agent'] !== HOST_AGENT)
