import type { Caller } from '../authorization-server/call.ts'
import type { Discovery } from '../authorization-server/discovery.ts'
import {
  type ClientMetadata,
  type RegisteredClientRecord,
  registerClient,
} from '../authorization-server/registration.ts'
import { isUmaError, TokenRequestError } from '../errors.ts'
import { readObject } from '../protocol/read-object.ts'
import type { Scheme } from '../schemes/scheme.ts'
import type { Tell } from './events.ts'
import type { AuthorizationServer } from './options.ts'
import type { Store } from './store.ts'

/** An authorization server that this client registers at. */
export interface Registrar {
  server: AuthorizationServer & { client: { register: ClientMetadata } }
  scheme: Scheme
}

/** The clients that were registered: one for each issuer and what was registered with, whatever the requesting party. */
export interface Clients {
  /** What was registered before and is still good; nothing is sent. @param id where memory has another, storage is asked */
  stored(registrar: Registrar, id?: string): Promise<RegisteredClientRecord | undefined>
  /**
   * The same, or it registers: once for all who ask, in other processes too, as far as the storage can lock.
   *
   * @param not id of a client that the server does not know any more: another is registered, at most one a minute
   * @throws UmaError
   */
  register(registrar: Registrar, not?: string): Promise<RegisteredClientRecord>
}

/** Milliseconds: a server that does not even know who has just registered is not asked again and again. */
const pause = 60_000

/** Another registration is another client: the old one may still be in use by a program that was not yet updated. */
const keyOf = ({ server: { issuer, client } }: Registrar): string =>
  `uma:client:${issuer} ${JSON.stringify(client.register)}`

const isGood = (record: RegisteredClientRecord | undefined): record is RegisteredClientRecord =>
  typeof record?.id === 'string' && record.id !== '' && !((record.expiresAt ?? Number.NaN) <= Date.now())

export function createClients(store: Store, caller: Caller, discovery: Discovery, tell: Tell): Clients {
  const known = new Map<string, RegisteredClientRecord>()
  const registering = new Map<string, Promise<RegisteredClientRecord>>()
  const renewed = new Map<string, number>()

  async function stored(registrar: Registrar, id?: string): Promise<RegisteredClientRecord | undefined> {
    const key = keyOf(registrar)
    const held = known.get(key)
    if (isGood(held) && (!id || held.id === id)) return held
    const record = readObject((await store.get(key)) || '') as RegisteredClientRecord | undefined
    if (!isGood(record)) return isGood(held) ? held : undefined
    known.set(key, record)
    return record
  }

  async function register(registrar: Registrar, not?: string): Promise<RegisteredClientRecord> {
    const key = keyOf(registrar)
    // Another process may have registered anew.
    if (not && known.get(key)?.id === not) known.delete(key)
    const before = await stored(registrar)
    if (before && (before.id !== not || Date.now() - (renewed.get(key) ?? 0) < pause)) return before
    const { server, scheme } = registrar
    const { issuer } = server
    const metadata = await discovery(server, scheme.wellKnown, scheme.readMetadata)
    const record = await (scheme.register ?? registerClient)(caller, metadata, server.client.register).catch(
      (cause) => {
        if (isUmaError(cause)) throw cause
        throw new TokenRequestError(`${issuer} was not reached`, { code: 'registration_failed', cause, issuer })
      },
    )
    // What ends before it begins does not: the clocks differ, and the server will say when it has.
    if ((record.expiresAt ?? Number.NaN) <= Date.now()) delete record.expiresAt
    if (not) renewed.set(key, Date.now())
    known.set(key, record)
    await store.set(key, JSON.stringify(record), record.expiresAt && record.expiresAt - Date.now())
    tell({ type: 'client-registered', issuer })
    return record
  }

  return {
    stored,
    register(registrar, not) {
      const key = keyOf(registrar)
      const what = `${not ?? ''} ${key}`
      const once =
        registering.get(what) ??
        store.lock(`uma:lock:${key}`, () => register(registrar, not)).finally(() => registering.delete(what))
      registering.set(what, once)
      return once
    },
  }
}
