/** What several tests of the engine look at. */
import { onTestFinished } from 'vitest'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../helpers/authorization-server.ts'
import { HOST_AGENT } from '../helpers/host.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'
import { signal } from '../helpers/wait.ts'
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

/** Milliseconds that a server waits in tests that do not wait for its answer: longer than any test takes. */
export const FOREVER = 600_000

/** From now on token requests are answered when the function that this returns was called, as the policy says. */
export function holdTokens({ as }: World): () => void {
  const { policy } = as
  const released = signal()
  as.policy = async (request) => {
    await released.given
    return policy(request)
  }
  return released.give
}

/** From its next answer on, the host takes forever. */
export function holdNextSend({ host }: World): void {
  host.quirks.answer = (answer) => {
    host.quirks.delayMs = FOREVER
    return answer
  }
}
