import type { ClientMetadata } from '../authorization-server/registration.ts'
import type { EndpointRequest } from './scheme.ts'

/** Options of `puma`. The defaults are inferred: nobody wrote these messages down. */
export interface PumaOptions {
  /**
   * Allow plain http at this authorization manager, its hosts and its redirects: tokens travel in the clear. Default: false, https or
   * this machine only.
   */
  allowInsecureHttp?: boolean
  /**
   * The name under which a host is known to the manager, from `host_id` in its challenge and the URL of the resource; undefined: the
   * challenge is not acted upon. Default: as the host says, else the resource's host and port.
   */
  hostId?: (named: string | undefined, resource: string) => string | undefined
  /** Where an RPT for a host is asked for. Default: the configuration's `rpt_endpoint`, else its `requester_token_endpoint`. */
  rptEndpoint?: string
  /** The request for an RPT; the AAT is added. Default: a form with `host_id`. */
  rptRequest?: (hostId: string) => EndpointRequest
  /** Where a ticket is shown. Default: the configuration's `permission_request_endpoint`. */
  ticketEndpoint?: string
  /** The request that shows a ticket; the AAT is added. Default: JSON `{"rpt": …, "ticket": …}`. */
  ticketRequest?: (facts: { rpt: string; ticket: string }) => EndpointRequest
  /** The parameter that tells the manager's page where to send the person back. Default: `redirect_uri`. */
  redirectParameter?: string
  /** The registration form. Default: of the 2011 dynamic registration draft, `type` `push`. */
  registration?: (client: ClientMetadata) => Record<string, unknown>
  /** Scope of the requesting party's access token. Default: none. */
  scope?: string
}

/** A redirect URI with our own state in its query. */
export function withState(redirectUri: string, state: string): string {
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`
}
