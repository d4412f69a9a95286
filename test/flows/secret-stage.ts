/** What the stories of `no-secrets.test.ts` are played with. */

import { handleCallback } from '../../src/callback.ts'
import type { Requester, RequesterOptions } from '../../src/index.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { type AuthorizationServerQuirks, onlyPeople, type Policy } from '../helpers/authorization-server.ts'
import type { HostQuirks } from '../helpers/host.ts'
import { later } from '../helpers/later.ts'
import type { World } from '../helpers/world.ts'
import type { Send } from '../ways-in/kit.ts'
import { claim, path, REDIRECT_URI, until, visit } from './kit.ts'
import type { Safe } from './secrets-kit.ts'

export interface Stage {
  world: World
  requester: Requester
  send: Send
  secrets: Safe
  storage: Map<string, string>
  urls: string[]
  /** Sends; what it rejects with is printed. */
  get(at?: string, options?: Parameters<Send>[1]): Promise<void>
  /** Any other promise: what it resolves or rejects with is printed. */
  prints(promise: Promise<unknown>): Promise<void>
}

export interface Story {
  policy?: Policy
  as?: Partial<AuthorizationServerQuirks>
  host?: Partial<HostQuirks>
  more?(stage: Stage): Partial<RequesterOptions>
  server?: object
  /** At least one thing must have gone wrong. */
  fails?: boolean
  run?(stage: Stage): Promise<void>
}

export const people = onlyPeople('alice')
export const marked = claim('marked-claim')
export const answer = (body: unknown, status = 400): Partial<AuthorizationServerQuirks> => ({
  errorAnswer: () => ({ status, body }),
})
export const handler =
  (change: (url: string) => string) =>
  ({ secrets }: Stage) => ({
    redirectUri: REDIRECT_URI,
    onRedirect: async ({ url }: { url: string }) => secrets.url(change(await visit(secrets.url(url)))),
  })
export const revokeAll = (world: World): void => {
  for (const { headers } of world.sent())
    if (headers.authorization?.startsWith('Bearer ')) world.as.revoke(headers.authorization.slice(7))
}
export const faulty =
  (part: string, act: (input: string) => Promise<Response> | Response) =>
  ({ secrets }: Stage): Partial<RequesterOptions> => ({
    fetch: async (input, init) =>
      `${String(input)} ${String(init?.body)}`.includes(part)
        ? act(`${String(input)} ${String(init?.body)}`)
        : secrets.fetch(input, init),
  })
export const expired = async ({ world, get }: Stage): Promise<void> => {
  world.as.quirks.tokenAnswer = (json) => ({ ...json, expires_in: 60 })
  await get()
  later(61_000)
  await get()
}

export const page = (stage: Stage): Partial<RequesterOptions> => ({
  redirectUri: REDIRECT_URI,
  storage: keyValueStorage(stage.storage),
  requestingParty: 'alice',
  onRedirect: pageRedirect({ navigate: (url) => stage.urls.push(stage.secrets.url(url)), storeRequest: true }),
})
export const comesBack =
  (change: (url: string) => string, who?: string) =>
  async (stage: Stage): Promise<void> => {
    // A page that is left has no answer: the request ends with the test.
    const gone = new AbortController()
    const left = stage.get(path, { signal: gone.signal })
    await until(() => stage.urls.length === 1)
    const back = change(stage.secrets.url(await visit(stage.urls[0] as string)))
    await stage.prints(handleCallback(who ? stage.requester.as(who) : stage.requester, back))
    await stage.prints(handleCallback(stage.requester, back))
    gone.abort()
    await left
  }
