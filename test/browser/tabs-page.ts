/** What runs in the tabs of tabs.test.ts: a requester on IndexedDB, and what it saw. */

import { bearer, createRequester, type Requester, type RequesterOptions } from '../../src/index.ts'
import { indexedDBStorage } from '../../src/storage/indexed-db.ts'
import { stopwatch } from '../helpers/wait.ts'

interface Places {
  as: string
  host: string
}

export interface Asked {
  statuses: (number | string)[]
  slowest: number
}

let requester: Requester
const rejections: string[] = []
addEventListener('unhandledrejection', ({ reason }) => rejections.push(String(reason)))

export const tab = {
  events: [] as string[],
  rejections,

  /** `tokens`: access tokens by party; without them the client is public. */
  start({ as, host }: Places, tokens?: Record<string, string>): void {
    const auth = tokens && bearer(({ requestingParty }) => tokens[requestingParty ?? ''] ?? 'nobody')
    const options: RequesterOptions = {
      authorizationServers: [{ issuer: as, hosts: [host], client: { id: 'spa', ...(auth && { auth }) } }],
      requestingParty: 'bob',
      storage: indexedDBStorage({ name: 'tokens' }),
      onEvent: ({ type }) => tab.events.push(type),
    }
    requester = createRequester(options)
  },

  /** So many at once, until all were asked for. */
  async ask(urls: string[], atOnce = 1, every = 0): Promise<Asked> {
    const all: Asked = { statuses: [], slowest: 0 }
    const watch = stopwatch()
    for (let done = 0; done < urls.length; done += atOnce) {
      const from = watch.ms()
      all.statuses.push(...(await Promise.all(urls.slice(done, done + atOnce).map((url) => get(requester, url)))))
      all.slowest = Math.max(all.slowest, watch.ms() - from)
      if (every) await new Promise((resolve) => setTimeout(resolve, every))
    }
    watch.stop()
    return all
  },

  /** Everybody for this at once. Who it was is told in a header that CORS allows. */
  everybody: (names: string[], url: string): Promise<(number | string)[]> =>
    Promise.all(names.map((name, n) => get(requester.as(name), url, { 'x-requested-with': `p${n}` }))),

  signOut: (): Promise<void> => requester.signOut(),
}

async function get(who: Requester, url: string, headers: Record<string, string> = {}): Promise<number | string> {
  try {
    const response = await who.fetch(url, { headers })
    await response.text()
    return response.status
  } catch (error) {
    return String(error)
  }
}

declare global {
  var umaTab: typeof tab
}
document.documentElement.dataset.ready = 'yes'
