import type { Caller } from '../authorization-server/call.ts'
import { none } from '../authorization-server/client-authentication.ts'
import { authOf, type RegisteredClientRecord, registerClient } from '../authorization-server/registration.ts'
import type { Connection, RegisteredClient } from '../authorization-server/token-request.ts'
import { isUmaError } from '../errors/index.ts'
import { readObject } from '../protocol/http/read-object.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import type { UmaStorage } from '../storage/storage.ts'
import type { HostEvent, HostOptions } from './types.ts'

/**
 * Gives the host as a client of its authorization server.
 *
 * @param not id of a client that the server does not know any more: another is registered, at most one a minute
 */
export type HostClient = (not?: string) => Promise<RegisteredClient>

/** How the host, acting for an owner, reaches its authorization server. `not`: as `HostClient` has it. */
export type Connect = (owner: string | undefined, not?: string) => Promise<Connection>

interface ClientParts {
  issuer: string
  caller: Caller
  metadata: () => Promise<AuthorizationServerMetadata>
  storage: UmaStorage
  prefix: string
  tell: (event: HostEvent) => void
}

/** Milliseconds before its end at which a secret counts as ended; between two registrations of a client that is not known. */
const margin = 60_000
const pause = 60_000

/**
 * The host's client: as configured, or registered once (RFC 7591), for all processes on one storage. A failed registration is
 * not remembered; one whose secret ends, or that the server has forgotten, is made anew.
 */
export function createClient({ client }: HostOptions, parts: ClientParts): HostClient {
  if ('id' in client) {
    const known = { id: client.id, auth: client.auth ?? none() }
    return async () => known
  }
  const { issuer, caller, metadata, storage, prefix, tell } = parts
  const { register, auth } = client
  const key = `${prefix}client`
  let current: { record: RegisteredClientRecord; client: RegisteredClient } | undefined
  let flight: Promise<RegisteredClient> | undefined
  let forgottenAt = Number.NEGATIVE_INFINITY

  const usable = (record: RegisteredClientRecord | undefined): record is RegisteredClientRecord =>
    typeof record?.id === 'string' && !(record.expiresAt && record.expiresAt - margin < Date.now())
  const stored = async (): Promise<RegisteredClientRecord | undefined> =>
    readObject((await storage.get(key)) ?? '') as RegisteredClientRecord | undefined

  async function find(not: string | undefined): Promise<RegisteredClientRecord> {
    // Another process may have registered anew.
    const known = await stored()
    if (usable(known) && (known.id !== not || Date.now() - forgottenAt < pause)) return known
    if (not) forgottenAt = Date.now()
    const record = await registerClient(caller, await metadata(), register)
    // What ends before it begins does not: the clocks differ, and the server will say when it has.
    if ((record.expiresAt ?? Number.NaN) <= Date.now()) delete record.expiresAt
    await storage.set(key, JSON.stringify(record))
    tell({ type: 'client-registered', issuer })
    return record
  }

  return (not) => {
    if (current && current.record.id !== not && usable(current.record)) return Promise.resolve(current.client)
    flight ??= (storage.lock?.(`${key} lock`, () => find(not)) ?? find(not))
      .then((record) => {
        current = { record, client: { id: record.id, auth: auth ?? authOf(record) } }
        return current.client
      })
      .finally(() => {
        flight = undefined
      })
    return flight
  }
}

/** Acts as the host's client; once more as another, where the server has forgotten it (`invalid_client`) and the host may register. */
export async function connected<T>(
  connect: Connect,
  owner: string | undefined,
  act: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(owner)
  try {
    return await act(connection)
  } catch (error) {
    const again = isUmaError(error, 'invalid_client') && (await connect(owner, connection.client.id))
    if (!again || again.client.id === connection.client.id) throw error
    return act(again)
  }
}
