/** How the host talks to an authorization server: over HTTP with a PAT, or straight into the test server for tests under load. */
import type { AuthorizationServer, Permission } from '../authorization-server.ts'
import { resourceServerClient } from '../authorization-server.ts'

export interface Protection {
  readonly asUri: string
  resourceId(path: string, scopes: string[]): Promise<string>
  /** undefined: the authorization server wants no ticket for these (a public resource) */
  ticket(permissions: Permission[]): Promise<string | undefined>
  /** the RPT's permissions, or undefined if it is not active */
  permissions(rpt: string): Promise<Permission[] | undefined>
}

/** Sent with every call of a host, so that recorders can tell it from the client's. */
export const HOST_AGENT = 'bench-host'

export function direct(as: AuthorizationServer, clientId: string): Protection {
  const ids = new Map<string, string>()
  return {
    get asUri() {
      return as.issuer
    },
    async resourceId(path, scopes) {
      const id = ids.get(path) ?? as.registerResource({ name: path, resource_scopes: scopes }, clientId)._id
      ids.set(path, id)
      return id
    },
    ticket: async (permissions) => as.issueTicket(permissions, clientId),
    async permissions(rpt) {
      const answer = as.introspect(rpt, clientId)
      return answer['active'] === true ? (answer['permissions'] as Permission[]) : undefined
    },
  }
}

export function overHttp(as: AuthorizationServer, clientId: string, secret: string): Protection {
  const ids = new Map<string, Promise<string>>()
  let ready: Promise<void> | undefined
  let pat: Promise<string> | undefined
  const basic = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${secret}`).toString('base64')}`
  // the endpoints are the server's real ones, whatever a test makes its discovery document say
  const endpoint = (name: string): string => String(as.metadata()[name])

  async function getPat(): Promise<string> {
    ready ??= as.addClient(resourceServerClient(clientId, secret))
    await ready
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'uma_protection' })
    const answer = await fetch(endpoint('token_endpoint'), {
      method: 'POST',
      body,
      headers: { authorization: basic, 'user-agent': HOST_AGENT },
    })
    if (!answer.ok) throw new Error(`no PAT: ${answer.status} ${await answer.text()}`)
    return ((await answer.json()) as { access_token: string }).access_token
  }

  async function call(url: string, body: string, type: string, again = true): Promise<Response> {
    pat ??= getPat()
    const used = pat
    const value = await used.catch((error: unknown) => {
      if (pat === used) pat = undefined
      throw error
    })
    const authorization =
      as.quirks.introspection === 'keycloak' && url === endpoint('introspection_endpoint') ? basic : `Bearer ${value}`
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { authorization, 'content-type': type, 'user-agent': HOST_AGENT },
    })
    if (answer.status !== 401 || !again) return answer
    await answer.body?.cancel()
    if (pat === used) pat = undefined
    return call(url, body, type, false)
  }

  async function register(path: string, scopes: string[]): Promise<string> {
    const answer = await call(
      endpoint('resource_registration_endpoint'),
      JSON.stringify({ name: path, resource_scopes: scopes }),
      'application/json',
    )
    if (answer.status !== 201) throw new Error(`not registered: ${answer.status}`)
    return ((await answer.json()) as { _id: string })._id
  }

  return {
    get asUri() {
      return as.issuer
    },
    resourceId(path, scopes) {
      const known = ids.get(path)
      if (known !== undefined) return known
      const id = register(path, scopes)
      ids.set(path, id)
      id.catch(() => ids.delete(path))
      return id
    },
    async ticket(permissions) {
      const body = as.quirks.permissionForm === 'array' || permissions.length !== 1 ? permissions : permissions[0]
      const answer = await call(endpoint('permission_endpoint'), JSON.stringify(body), 'application/json')
      const text = await answer.text()
      if (answer.status === 200 && text === '') return undefined
      if (!answer.ok) throw new Error(`no ticket: ${answer.status}`)
      return (JSON.parse(text) as { ticket: string }).ticket
    },
    async permissions(rpt) {
      const answer = await call(
        endpoint('introspection_endpoint'),
        new URLSearchParams({ token: rpt }).toString(),
        'application/x-www-form-urlencoded',
      )
      if (answer.status === 400) return undefined
      if (!answer.ok) throw new Error(`not introspected: ${answer.status}`)
      const json = (await answer.json()) as { active: boolean; permissions?: Permission[] }
      return json.active === true ? (json.permissions ?? []) : undefined
    },
  }
}
