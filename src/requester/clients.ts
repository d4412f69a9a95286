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
  /** What was registered before and is still good; nothing is sent. */
  stored(registrar: Registrar): Promise<RegisteredClientRecord | undefined>
  /** The same, or it registers: once for all who ask, in other processes too, as far as the storage can lock. @throws UmaError */
  register(registrar: Registrar): Promise<RegisteredClientRecord>
}

/** Another registration is another client: the old one may still be in use by a program that was not yet updated. */
const keyOf = ({ server: { issuer, client } }: Registrar): string =>
  `uma:client:${issuer} ${JSON.stringify(client.register)}`

const isGood = (record: RegisteredClientRecord | undefined): record is RegisteredClientRecord =>
  typeof record?.id === 'string' && record.id !== '' && !((record.expiresAt ?? Number.NaN) <= Date.now())

export function createClients(store: Store, caller: Caller, discovery: Discovery, tell: Tell): Clients {
  const known = new Map<string, RegisteredClientRecord>()
  const registering = new Map<string, Promise<RegisteredClientRecord>>()

  async function stored(registrar: Registrar): Promise<RegisteredClientRecord | undefined> {
    const key = keyOf(registrar)
    const held = known.get(key)
    if (isGood(held)) return held
    const record = readObject((await store.get(key)) || '') as RegisteredClientRecord | undefined
    if (!isGood(record)) return undefined
    known.set(key, record)
    return record
  }

  async function register(registrar: Registrar): Promise<RegisteredClientRecord> {
    const before = await stored(registrar)
    if (before) return before
    const { server, scheme } = registrar
    const { issuer } = server
    const metadata = await discovery(server, scheme.wellKnown, scheme.readMetadata)
    const record = await (scheme.register ?? registerClient)(caller, metadata, server.client.register).catch(
      (cause) => {
        if (isUmaError(cause)) throw cause
        throw new TokenRequestError(`${issuer} was not reached`, { code: 'registration_failed', cause, issuer })
      },
    )
    const key = keyOf(registrar)
    known.set(key, record)
    await store.set(key, JSON.stringify(record), record.expiresAt && record.expiresAt - Date.now())
    tell({ type: 'client-registered', issuer })
    return record
  }

  return {
    stored,
    register(registrar) {
      const key = keyOf(registrar)
      const once =
        registering.get(key) ??
        store.lock(`uma:lock:${key}`, () => register(registrar)).finally(() => registering.delete(key))
      registering.set(key, once)
      return once
    },
  }
}
