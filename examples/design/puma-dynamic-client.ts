/** A server that speaks Puma, and a client that registers itself there. */
import { createRequester, type RedirectHandler, type Requester } from 'uma-requester'
import { dynamicClient } from 'uma-requester/client/dynamic'
import { puma } from 'uma-requester/schemes/puma'

/** The declarations that the example takes as given. */
export interface Given {
  issuer: string
  hosts: string[]
  /** The name that people see at the server. */
  client_name: string
  redirectUri: string
  onRedirect: RedirectHandler
}

export function createAlbum({ issuer, hosts, client_name, redirectUri, onRedirect }: Given): Requester {
  const server = { issuer, hosts, scheme: puma(), client: dynamicClient({ client_name, redirect_uris: [redirectUri] }) }

  return createRequester({ authorizationServers: [server], redirectUri, onRedirect })
}
