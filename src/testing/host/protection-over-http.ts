/** The permission API over HTTP, with a PAT. */
import type { Deviations } from '../dialects/deviations.ts'
import type { Permission } from '../permission-api/types.ts'
import type { Protection } from './protection.ts'

export interface ProtectionOverHttpOptions {
  server: {
    readonly issuer: string
    metadata(): Record<string, unknown>
    readonly deviations: Pick<Deviations, 'introspection' | 'permissionForm'>
  }
  client: { id: string; secret: string }
  /** sends each request to the authorization server */
  fetch: (request: Request) => Promise<Response>
  /** sent with each request */
  headers?: Record<string, string>
}

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

export function protectionOverHttp(options: ProtectionOverHttpOptions): Protection {
  const { server } = options
  const api = createApi(options)
  const ids = new Map<string, Promise<string>>()

  async function register(path: string, scopes: string[]): Promise<string> {
    const body = JSON.stringify({ name: path, resource_scopes: scopes })
    const answer = await api.call('resource_registration_endpoint', body, JSON_TYPE)
    if (answer.status !== 201) throw new Error(`not registered: ${answer.status}`)
    return ((await answer.json()) as { _id: string })._id
  }

  return {
    get asUri() {
      return server.issuer
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
      const isList = server.deviations.permissionForm === 'array' || permissions.length !== 1
      const body = JSON.stringify(isList ? permissions : permissions[0])
      const answer = await api.call('permission_endpoint', body, JSON_TYPE)
      const text = await answer.text()
      if (answer.status === 200 && text === '') return undefined
      if (!answer.ok) throw new Error(`no ticket: ${answer.status}`)
      return (JSON.parse(text) as { ticket: string }).ticket
    },
    async permissions(rpt) {
      const body = new URLSearchParams({ token: rpt }).toString()
      const answer = await api.call('introspection_endpoint', body, FORM)
      if (answer.status === 400) return undefined
      if (!answer.ok) throw new Error(`not introspected: ${answer.status}`)
      const json = (await answer.json()) as { active: boolean; permissions?: Permission[] }
      return json.active === true ? (json.permissions ?? []) : undefined
    },
  }
}

interface Api {
  /** repeats a call once with a new PAT if the PAT was refused */
  call(endpoint: string, body: string, type: string): Promise<Response>
}

function createApi({ server, client, fetch, headers = {} }: ProtectionOverHttpOptions): Api {
  const basic = `Basic ${btoa(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`)}`
  let pat: Promise<string> | undefined

  // The endpoints are the server's real ones, also if a deviation changes the discovery document.
  const send = (endpoint: string, authorization: string, body: string, type: string): Promise<Response> =>
    fetch(
      new Request(String(server.metadata()[endpoint]), {
        method: 'POST',
        body,
        headers: { ...headers, authorization, 'content-type': type },
      }),
    )

  async function getPat(): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'uma_protection' })
    const answer = await send('token_endpoint', basic, body.toString(), FORM)
    if (!answer.ok) throw new Error(`no PAT: ${answer.status} ${await answer.text()}`)
    return ((await answer.json()) as { access_token: string }).access_token
  }

  function currentPat(): Promise<string> {
    if (pat !== undefined) return pat
    const started = getPat()
    pat = started
    started.catch(() => forget(started))
    return started
  }

  function forget(used: Promise<string>): void {
    if (pat === used) pat = undefined
  }

  async function call(endpoint: string, body: string, type: string, mayRepeat: boolean): Promise<Response> {
    const used = currentPat()
    const byCredentials = endpoint === 'introspection_endpoint' && server.deviations.introspection === 'keycloak'
    const answer = await send(endpoint, byCredentials ? basic : `Bearer ${await used}`, body, type)
    if (answer.status !== 401 || !mayRepeat) return answer
    await answer.body?.cancel()
    forget(used)
    return call(endpoint, body, type, false)
  }

  return { call: (endpoint, body, type) => call(endpoint, body, type, true) }
}
