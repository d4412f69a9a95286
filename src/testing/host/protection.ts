/** How the simulated host talks to its authorization server. */
import type { Permission, RegisteredResource, ResourceDescription } from '../permission-api/types.ts'

export interface Protection {
  /** the issuer that the challenge names */
  readonly asUri: string
  /** the resource_id of a path; registers the resource if it is not registered yet */
  resourceId(path: string, scopes: string[]): Promise<string>
  /** undefined: the authorization server wants no ticket for these permissions (a public resource) */
  ticket(permissions: Permission[]): Promise<string | undefined>
  /** the permissions of an RPT; undefined if the RPT is not active */
  permissions(rpt: string): Promise<Permission[] | undefined>
}

/** The parts of a simulated authorization server that a host can call without HTTP. */
export interface DirectServer {
  readonly issuer: string
  registerResource(description: ResourceDescription, resourceServer: string): RegisteredResource
  issueTicket(permissions: Permission[], resourceServer: string): string | Promise<string>
  introspect(token: string, resourceServer: string): Record<string, unknown>
}

/** Function calls instead of HTTP. */
export function directProtection(server: DirectServer, resourceServer: string): Protection {
  const ids = new Map<string, string>()
  return {
    get asUri() {
      return server.issuer
    },
    async resourceId(path, scopes) {
      const known = ids.get(path)
      if (known !== undefined) return known
      const { _id } = server.registerResource({ name: path, resource_scopes: scopes }, resourceServer)
      ids.set(path, _id)
      return _id
    },
    ticket: async (permissions) => server.issueTicket(permissions, resourceServer),
    async permissions(rpt) {
      const answer = server.introspect(rpt, resourceServer)
      return answer.active === true ? (answer.permissions as Permission[]) : undefined
    },
  }
}
