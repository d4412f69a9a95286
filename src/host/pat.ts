import { clientCredentials } from '../authorization-server/client-credentials.ts'
import { isRefusal } from '../authorization-server/fresh-tokens.ts'
import { beginCodeFlow, finishCodeFlow, refreshTokens } from '../authorization-server/sign-in/code-flow.ts'
import type { Tokens } from '../authorization-server/tokens.ts'
import { findUmaError, InteractionRequiredError, InvalidStateError, isUmaError } from '../errors/index.ts'
import { readObject } from '../protocol/http/read-object.ts'
import type { UmaStorage } from '../storage/storage.ts'
import { type Connect, connected } from './client.ts'
import type { HostEvent, PatGrant } from './types.ts'

/** Holds the PATs: one for each owner, or one for all of them where the client is the owner (FedAuthz §1.3). */
export interface Pats {
  /** @throws InteractionRequiredError where the owner has not agreed, or no longer; the errors of token requests and storages */
  get(owner: string): Promise<string>
  /** The authorization server does not take this one any more. */
  rejected(owner: string, pat: string): void
  has(owner: string): Promise<boolean>
  authorizationUrl(owner: string): Promise<string>
  completeAuthorization(callbackUrl: string, owner?: string): Promise<string>
}

interface PatParts {
  issuer: string
  grant: PatGrant
  connect: Connect
  storage: UmaStorage
  prefix: string
  tell: (event: HostEvent) => void
}

/** Milliseconds before its end at which a PAT counts as ended, and for which an owner may think it over. */
const margin = 5_000
const patience = 600_000
/** Codes that say nothing of a refresh token. */
const unanswered = /^(token_request_failed|timeout|invalid_client|temporarily_unavailable)$/

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory of small functions. The host is divided after the engine is rebuilt.
export function createPats({ issuer, grant, connect, storage, prefix, tell }: PatParts): Pats {
  const { scope = 'uma_protection' } = grant
  const interactive = grant.grant === 'authorization_code'
  const held = new Map<string, Tokens>()
  const flights = new Map<string, Promise<string>>()
  /** By key: the one that was rejected last. Storage may still hold it. */
  const bad = new Map<string, string>()
  /** Those who are back just now: not every storage can lock. */
  const taken = new Set<string>()
  /** Of the keys of those who are away, and when they were looked through. */
  const waiting = `${prefix}pending:`
  let sweptAt = Number.NEGATIVE_INFINITY

  const keyOf = (owner: string): string => `${prefix}pat:${interactive ? owner : ''}`
  const good = (key: string, tokens: Tokens | undefined): boolean =>
    !!tokens && tokens.accessToken !== bad.get(key) && (tokens.expiresAt ?? Infinity) - margin > Date.now()
  const stored = async (key: string): Promise<Tokens | undefined> => {
    const record = readObject((await storage.get(key)) ?? '') as Tokens | undefined
    return typeof record?.accessToken === 'string' ? record : undefined
  }
  const keep = async (key: string, tokens: Tokens): Promise<string> => {
    held.set(key, tokens)
    await storage.set(key, JSON.stringify(tokens))
    return tokens.accessToken
  }

  /** While no other process has it, where the storage can lock. */
  const alone = <T>(key: string, task: () => Promise<T>): Promise<T> => storage.lock?.(`${key} lock`, task) ?? task()

  /** The code is redeemed as the client that asked for it. Where the server has forgotten that one, the next owner goes as another. */
  async function redeem(owner: string, { client, memo }: Record<string, unknown>, back: string): Promise<Tokens> {
    const again = `${issuer} does not know the client any more that asked this owner: ask again (host.authorizationUrl)`
    const connection = await connect(owner)
    if (connection.client.id !== client) throw new InteractionRequiredError(again, { issuer })
    try {
      return await finishCodeFlow(connection, memo, back)
    } catch (error) {
      if (!isUmaError(error, 'invalid_client') || (await connect(owner, client)).client.id === client) throw error
      throw new InteractionRequiredError(again, { issuer })
    }
  }

  /** Alone with this key, for some servers know one PAT for each client. */
  async function renew(key: string, owner: string): Promise<string> {
    const whose = interactive ? owner : undefined
    const known = await stored(key)
    if (known && good(key, known)) {
      held.set(key, known)
      return known.accessToken
    }
    if (known?.refreshToken) {
      const { refreshToken, ...rest } = known
      // Sent once, whatever becomes of this process: it may be good for one use only.
      await storage.set(key, JSON.stringify(rest))
      try {
        const fresh = await connected(connect, whose, (connection) => refreshTokens(connection, refreshToken))
        const pat = await keep(key, { ...fresh, refreshToken: fresh.refreshToken ?? refreshToken })
        tell({ type: 'pat-refreshed', owner })
        return pat
      } catch (error) {
        // Only a refusal ends a consent. A PAT that needs none is had anew after whatever was answered.
        const code = findUmaError(error)?.code
        if (!isRefusal(error) && (interactive || code === undefined || unanswered.test(code))) {
          await storage.set(key, JSON.stringify(known))
          throw error
        }
      }
    }
    held.delete(key)
    if (interactive) {
      await storage.delete(key)
      throw new InteractionRequiredError(`${issuer} has no consent of this owner (host.authorizationUrl)`, { issuer })
    }
    const pat = await keep(key, await connected(connect, whose, (connection) => clientCredentials(connection, scope)))
    tell({ type: 'pat-obtained', owner })
    return pat
  }

  /** Those who never came back, where the storage does not forget them by itself. */
  async function sweep(): Promise<void> {
    if (!storage.keys || Date.now() - sweptAt < patience) return
    sweptAt = Date.now()
    for await (const key of await storage.keys(waiting)) {
      // A Map does not look at the prefix.
      if (!key.startsWith(waiting)) continue
      const pending = readObject((await storage.get(key)) ?? '')
      if (!(Number(pending?.until) > Date.now())) await storage.delete(key)
    }
  }

  return {
    async get(owner) {
      const key = keyOf(owner)
      const known = held.get(key)
      if (known && good(key, known)) return known.accessToken
      const flying = flights.get(key)
      if (flying !== undefined) return flying
      const flight = alone(key, () => renew(key, owner)).finally(() => flights.delete(key))
      flights.set(key, flight)
      return flight
    },
    rejected(owner, pat) {
      const key = keyOf(owner)
      // Late news of one that was replaced since.
      if (held.get(key)?.accessToken !== pat) return
      held.delete(key)
      bad.set(key, pat)
      tell({ type: 'pat-rejected', owner })
    },
    async has(owner) {
      if (!interactive) return true
      const key = keyOf(owner)
      if (good(key, held.get(key))) return true
      // Another process may have a newer one.
      const known = await stored(key)
      return good(key, known) || !!known?.refreshToken
    },
    async authorizationUrl(owner) {
      if (!interactive) throw new TypeError("pat: owners are asked only with grant: 'authorization_code'")
      const bytes = crypto.getRandomValues(new Uint8Array(24))
      const state = btoa(String.fromCharCode(...bytes))
        .replace(/\+/g, '-')
        .replace(/\//g, '_')
      // Without it, `offline_access` is to be ignored (OpenID Connect Core §11).
      const parameters = { prompt: /(^| )offline_access( |$)/.test(scope) ? 'consent' : undefined }
      const facts = { redirectUri: grant.redirectUri, scope, state, parameters }
      const connection = await connect(owner)
      const { url, memo } = await beginCodeFlow(connection, facts)
      const pending = { owner, client: connection.client.id, memo, until: Date.now() + patience }
      await storage.set(waiting + state, JSON.stringify(pending), patience)
      // What is left over is no reason not to go on.
      await sweep().catch(() => {})
      return url
    },
    async completeAuthorization(callbackUrl, expected) {
      const state = URL.canParse(callbackUrl) ? new URL(callbackUrl).searchParams.get('state') : null
      const pendingKey = `${waiting}${state}`
      const take = async (): Promise<Record<string, unknown> | undefined> => {
        if (taken.has(pendingKey)) return undefined
        taken.add(pendingKey)
        try {
          const found = state ? readObject((await storage.get(pendingKey)) ?? '') : undefined
          // Somebody else's is left for them.
          if (!found || (expected !== undefined && found.owner !== expected)) return undefined
          await storage.delete(pendingKey)
          return found
        } finally {
          taken.delete(pendingKey)
        }
      }
      // Two calls for one way back: the second finds nothing.
      const pending = await alone(pendingKey, take)
      if (typeof pending?.owner !== 'string' || !(Number(pending.until) > Date.now())) {
        throw new InvalidStateError('This way back belongs to no authorization that is under way', { issuer })
      }
      const { owner } = pending
      const tokens = await redeem(owner, pending, callbackUrl)
      const key = keyOf(owner)
      // After whatever an older PAT's refresh may still do to what is stored.
      await flights.get(key)?.catch(() => {})
      await alone(key, () => keep(key, tokens))
      tell({ type: 'pat-obtained', owner })
      return owner
    },
  }
}
