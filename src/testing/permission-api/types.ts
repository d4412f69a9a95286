/** The words of the permission API (Federated Authorization for UMA 2.0). */

/** Federated Authorization §4.1 and §5.1.1 */
export interface Permission {
  resource_id: string
  resource_scopes: string[]
  /** seconds since 1970, as introspection gives them */
  exp?: number
}

/** Federated Authorization §3.1 */
export interface ResourceDescription {
  resource_scopes: string[]
  name?: string
  type?: string
  description?: string
  icon_uri?: string
  [more: string]: unknown
}

export interface RegisteredResource extends ResourceDescription {
  _id: string
  /** client_id of the resource server that registered the resource */
  resourceServer: string
}
