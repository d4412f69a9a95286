import { inTurn } from '../../../src/async/in-turn.ts'
import type { UmaEventDetail } from '../../../src/events.ts'
import type { Party, RecordStore } from '../../../src/parties/party.ts'
import type { RecordChannel } from '../../../src/persistence/record-channel.ts'
import { createResilientStorage } from '../../../src/persistence/resilient-storage.ts'
import type { FindAuthority } from '../../../src/persistence/stored-authority.ts'
import { createStoredWallet } from '../../../src/persistence/stored-wallet.ts'
import type { UmaStorage } from '../../../src/storage/storage.ts'
import type { Authority } from '../../../src/trust/authority.ts'
import { createWallet } from '../../../src/wallet/wallet.ts'

export const host = 'https://photos.example.com'
export const key = 'https://as.example.com client'
export const never = (): Promise<never> => new Promise(() => {})

/** A `Map` that counts its reads and can be told to fail or to hang. */
export interface MoodyStorage extends UmaStorage {
  held: Map<string, string>
  mood: 'well' | 'fails' | 'hangs'
  gets: string[]
  sets: string[]
}

export function moodyStorage(held = new Map<string, string>()): MoodyStorage {
  const act = async <T>(work: () => T): Promise<T> => {
    if (storage.mood === 'hangs') await never()
    if (storage.mood === 'fails') throw new Error('moody')
    return work()
  }
  const storage: MoodyStorage = {
    held,
    mood: 'well',
    gets: [],
    sets: [],
    get(name) {
      storage.gets.push(name)
      return act(() => held.get(name))
    },
    set(name, value) {
      storage.sets.push(name)
      return act(() => held.set(name, value))
    },
    delete: (name) => act(() => held.delete(name)),
  }
  return storage
}

/** An authority that may speak for the host. The stored wallet uses these members only. */
export const authorityOf = (
  speaksFor: Authority['speaksFor'] = async (origin) => origin === host,
  of: string = key,
): Authority => ({ key: of, speaksFor }) as Authority

type TestParty = Pick<Party, 'name' | 'wallet' | 'pcts' | 'neverUpgrades' | 'epoch' | 'lock' | 'forget'>

export function testParty(name: string | undefined = 'bob'): TestParty & { forgotten: number } {
  const party = {
    name,
    wallet: createWallet(),
    pcts: new Map<string, string>(),
    neverUpgrades: new Set<string>(),
    epoch: 0,
    lock: inTurn(),
    forgotten: 0,
    forget() {
      party.forgotten++
      party.epoch++
      for (const rpt of party.wallet.all()) party.wallet.drop(rpt)
      party.wallet = createWallet()
      party.pcts = new Map()
      party.neverUpgrades = new Set()
    },
  }
  return party
}

export interface TestProcess {
  party: ReturnType<typeof testParty>
  stored: ReturnType<typeof createStoredWallet>
  records: RecordStore
  events: UmaEventDetail[]
  asked: (string | undefined)[]
}

/** A party in a process of its own, on a storage that it shares with others. */
export function processOn(
  storage: UmaStorage,
  options: { find?: FindAuthority['find']; channel?: RecordChannel; present?: () => undefined } = {},
): TestProcess {
  const events: UmaEventDetail[] = []
  const asked: (string | undefined)[] = []
  const tell = (event: UmaEventDetail): void => void events.push(event)
  const party = testParty()
  const records = createResilientStorage(storage, tell)
  const find = options.find ?? (async () => authorityOf())
  const stored = createStoredWallet({
    records,
    tell,
    party,
    present: options.present ?? ((_authority, { token }) => ({ authorization: `Bearer ${token}` })),
    channel: options.channel,
    trust: {
      find(issuer, resource) {
        asked.push(resource)
        return find(issuer, resource)
      },
    },
  })
  const forget = party.forget
  party.forget = () => {
    forget()
    stored.forgotten()
  }
  return { party, stored, records, events, asked }
}

/** Stores an RPT that a flow obtained, for one place, and writes it. */
export async function obtain({ party, stored }: TestProcess, token: string, path = `/${token}`): Promise<void> {
  const grant = { token, type: 'bearer' }
  const rpt = party.wallet.store({ grant, headers: {}, authority: key, host })
  party.wallet.opened(rpt, { method: 'GET', url: host + path })
  await stored.save(key, host)
  await stored.written(`${key} ${host}`)
}

/** The token that a process presents at a path. */
export const tokenAt = ({ party }: TestProcess, path: string): string | undefined =>
  party.wallet.at('GET', host + path)?.grant.token
