/** What Alice has decided at her authorization server, and the page where she does: the panel's "settings" lead there. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthorizationServer, Policy } from '../../test/helpers/authorization-server.ts'
import { page, readBody, send } from '../../test/helpers/http.ts'

const friends = { bob: 'Bob', carol: 'Carol' }

export const accounts = {
  bob: { name: 'Bob', email: 'bob@example.com' },
  carol: { name: 'Carol', email: 'carol@example.com' },
}

export interface Policies {
  policy: Policy
  /** @returns true: it was for the policy page, and is answered */
  answer(req: IncomingMessage, res: ServerResponse): boolean
  clear(): void
}

/** What Alice shares is for Bob, until she says otherwise. Nobody gets a token who has not said who they are. */
export function createPolicies(as: () => AuthorizationServer): Policies {
  const chosen = new Map<string, Set<string>>()
  const friendsOf = (id: string): Set<string> => chosen.get(id) ?? new Set(['bob'])

  async function settings(id: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const resource = as().resources.get(id)
    if (!resource)
      return send(res, { status: 404, headers, body: page('Not shared', '<p>This is not shared any more.</p>') })
    if (req.method === 'POST') {
      const form = new URLSearchParams((await readBody(req)).toString())
      chosen.set(id, new Set(form.getAll('friend').filter((name) => name in friends)))
    }
    const boxes = Object.entries(friends).map(
      ([login, name]) =>
        `<p><label><input type="checkbox" name="friend" value="${login}"${friendsOf(id).has(login) ? ' checked' : ''}> ${name} may see it</label></p>`,
    )
    const said = req.method === 'POST' ? '<p role="status">Saved. Tokens that are out already last a while.</p>' : ''
    const body = `<form method="post"><p>Who may see this photo?</p>${boxes.join('')}${said}<p><button>Save</button></p></form>`
    send(res, { status: 200, headers, body: page(resource.name ?? 'A photo', body) })
  }

  return {
    policy({ account, permissions }) {
      if (account === undefined) return { needInfo: { redirectUser: true } }
      const theirs = (id: string): boolean => friendsOf(id).has(account)
      if (!permissions.every(({ resource_id }) => theirs(resource_id))) return 'deny'
      const all = [...as().resources.keys()].filter(theirs)
      return { grant: all.map((resource_id) => ({ resource_id, resource_scopes: ['read'] })) }
    },
    answer(req, res) {
      const id = /^\/policy\/([\w-]+)$/.exec(req.url ?? '')?.[1]
      if (id === undefined) return false
      settings(id, req, res).catch(() => res.destroy())
      return true
    },
    clear: () => chosen.clear(),
  }
}

const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
