import { monotonic } from '../async/timers.ts'
import { TokenRequestError, UmaError } from '../errors/index.ts'
import { readObject } from '../protocol/http/read-object.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import type { Caller } from './call.ts'
import {
  authOf,
  type ClientMetadata,
  type ClientRegistration,
  type RegisteredClientRecord,
  registerClient,
} from './registration.ts'
import type { RegisteredClient } from './token-request.ts'

/** Where the records of registered clients are kept. */
export interface ClientRecords {
  /** `undefined` or `null`: there is no such record. `false`: it could not be read. */
  get(key: string): Promise<string | undefined | null | false>
  set(key: string, value: string, ttlMs?: number): Promise<unknown>
  /** Runs the task while nobody else holds the key, in other tabs and processes too if the storage can lock. */
  lock<T>(key: string, task: () => Promise<T>): Promise<T>
}

/** A client that registers at an authorization server. */
export interface Registrar {
  issuer: string
  /** The metadata to register. */
  client: ClientMetadata
  /** How the client is registered. @default RFC 7591 */
  register?: ClientRegistration | undefined
  metadata: () => Promise<AuthorizationServerMetadata>
}

/** The registered clients of a program: one for each issuer and each metadata, for all requesting parties. */
export interface RegisteredClients {
  /**
   * The client that was registered before, if its secret has not ended. Nothing is sent.
   *
   * @param id if the client in memory has another id, the storage is read
   */
  stored(registrar: Registrar, id?: string): Promise<RegisteredClientRecord | undefined>
  /**
   * The client that was registered before, or a new one. All callers that ask at the same time share one registration,
   * in other processes too if the storage can lock.
   *
   * @param not the id of a client that the server does not know any more. Another client is registered, at most once a
   * minute.
   * @throws TokenRequestError, DiscoveryError, UmaTimeoutError
   */
  register(registrar: Registrar, not?: string): Promise<RegisteredClientRecord>
}

/** The parts of `createRegisteredClients`. */
export interface RegisteredClientsParts {
  records: ClientRecords
  caller: Caller
  /** Is told after each registration. */
  onRegistered: (issuer: string) => void
  /** The key of a record. @default the issuer and the metadata to register */
  keyOf?: (registrar: Registrar) => string
  /** How long before its end a secret counts as ended, in milliseconds. @default 0 */
  margin?: number
}

/**
 * The time between two registrations of a client that the server has forgotten, in milliseconds. Without this pause, a
 * server that forgets each client at once would receive one registration for each request.
 */
const pause = 60_000

/** A client with other metadata has another key: a program that was not updated may still use the old client. */
const usualKey = ({ issuer, client }: Registrar): string => `uma:client:${issuer} ${JSON.stringify(client)}`

/** Keeps the registered clients of one program. Requester and host both use it. */
export function createRegisteredClients({
  records,
  caller,
  onRegistered,
  keyOf = usualKey,
  margin = 0,
}: RegisteredClientsParts): RegisteredClients {
  const known = new Map<string, RegisteredClientRecord>()
  const registering = new Map<string, Promise<RegisteredClientRecord>>()
  /** When a forgotten client was last replaced, by the monotonic clock. */
  const replacedAt = new Map<string, number>()

  const isGood = (record: RegisteredClientRecord | undefined): record is RegisteredClientRecord =>
    typeof record?.id === 'string' && record.id !== '' && !hasEnded(record, margin)

  const wasReplacedLately = (key: string): boolean => {
    const last = replacedAt.get(key)
    return last !== undefined && monotonic() - last < pause
  }

  async function stored(registrar: Registrar, id?: string): Promise<RegisteredClientRecord | undefined> {
    const key = keyOf(registrar)
    const held = known.get(key)
    if (isGood(held) && (!id || held.id === id)) return held
    const text = await records.get(key)
    const record = readObject(text || '') as RegisteredClientRecord | undefined
    if (!isGood(record)) return isGood(held) ? held : undefined
    known.set(key, record)
    return record
  }

  async function registerInTurn(registrar: Registrar, not: string | undefined): Promise<RegisteredClientRecord> {
    const key = keyOf(registrar)
    // Another process may have registered a new client: the storage must be read.
    if (not !== undefined && known.get(key)?.id === not) known.delete(key)
    const before = await stored(registrar)
    if (before && (before.id !== not || wasReplacedLately(key))) return before
    const record = await registerNow(registrar, caller)
    if (not !== undefined) replacedAt.set(key, monotonic())
    known.set(key, record)
    await records.set(key, JSON.stringify(record), record.expiresAt && record.expiresAt - Date.now())
    onRegistered(registrar.issuer)
    return record
  }

  function register(registrar: Registrar, not?: string): Promise<RegisteredClientRecord> {
    const key = keyOf(registrar)
    const shared = `${not ?? ''} ${key}`
    const underWay = registering.get(shared)
    if (underWay !== undefined) return underWay
    const started = records.lock(`uma:lock:${key}`, () => registerInTurn(registrar, not))
    const registered = started.finally(() => registering.delete(shared))
    registering.set(shared, registered)
    return registered
  }

  return { stored, register }
}

/** The client of a record, with the authentication that the server registered. */
export const toClient = (record: RegisteredClientRecord): RegisteredClient => ({ id: record.id, auth: authOf(record) })

const hasEnded = ({ expiresAt }: RegisteredClientRecord, margin: number): boolean =>
  expiresAt !== undefined && expiresAt - margin <= Date.now()

async function registerNow(registrar: Registrar, caller: Caller): Promise<RegisteredClientRecord> {
  const { issuer, client, register = registerClient } = registrar
  const metadata = await registrar.metadata()
  let record: RegisteredClientRecord
  try {
    record = await register(caller, metadata, client)
  } catch (cause) {
    if (cause instanceof UmaError) throw cause
    throw new TokenRequestError(`${issuer} was not reached`, { code: 'registration_failed', cause, issuer })
  }
  // Ignore an expiry that is already in the past: clocks may differ, and the server says when the secret has ended.
  const { expiresAt, ...unlimited } = record
  return expiresAt !== undefined && expiresAt <= Date.now() ? unlimited : record
}
