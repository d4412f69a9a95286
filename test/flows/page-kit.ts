/** The redirect that leaves the page, without a page: what is left is a storage, and another requester that finds it. */

import { expect } from 'vitest'
import type { Requester, RequesterOptions } from '../../src/index.ts'
import { type PageRedirectOptions, pageRedirect } from '../../src/redirect/page.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { AuthorizationServerOptions } from '../helpers/authorization-server.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { path, REDIRECT_URI, until, visit } from './kit.ts'

export interface Pages {
  world: World
  storage: Map<string, string>
  /** Where `navigate` was sent. */
  urls: string[]
  /** A requester on a page that has just been loaded; all of them have one storage. */
  load(more?: Partial<RequesterOptions>, server?: object): Requester
  /** Leaves the page with a request; the URL that the person comes back on. */
  leave(
    requester: Requester,
    init?: Parameters<Requester['fetch']>[1] & { path?: string; login?: string; action?: string },
  ): Promise<string>
}

export async function pages(options: PageRedirectOptions = {}, as: AuthorizationServerOptions = {}): Promise<Pages> {
  const world = await startWorld({ as: { policy: onlyPeople('alice', 'bob'), ...as } })
  const storage = new Map<string, string>()
  const urls: string[] = []
  const onRedirect = pageRedirect({ navigate: (url) => urls.push(url), ...options })
  return {
    world,
    storage,
    urls,
    load: (more = {}, server = {}) =>
      world.requester(
        { storage: keyValueStorage(storage), requestingParty: 'alice', redirectUri: REDIRECT_URI, onRedirect, ...more },
        server,
      ),
    async leave(requester, { path: at = path, login = 'alice', action, ...init } = {}) {
      const before = urls.length
      const controller = new AbortController()
      // The promise of a page that is gone: nobody hears of it any more.
      const lost = requester.fetch(world.host.origin + at, { ...init, signal: controller.signal }).then(
        () => expect.fail('answered'),
        (error: unknown) => error,
      )
      await until(() => urls.length > before)
      controller.abort()
      expect(((await lost) as Error).name).toBe('AbortError')
      return visit(urls.at(-1) as string, login, action)
    },
  }
}

export const pendingIn = (storage: Map<string, string>): [string, string][] =>
  [...storage].filter(([key]) => key.startsWith('uma:pending:'))
