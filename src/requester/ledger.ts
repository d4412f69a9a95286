import { readObject } from '../protocol/read-object.ts'
import { type Ledger, nameKey, type Party } from './party.ts'
import { epochKey, epochOf } from './pending.ts'
import type { StoredRpt } from './rpt.ts'
import type { Services } from './services.ts'
import { later } from './store.ts'
import { type Authority, issuerOf } from './trust.ts'

/** What is stored for one (party, authority, host). Another `v` is another shape: `docs/decisions/0004-stored-records.md`. */
interface LedgerRecord {
  v: 1
  epoch: string
  /** The server was seen to ignore `rpt`. */
  never: boolean
  rpts: StoredRpt[]
}

/** Milliseconds that what was learned may wait. */
const leisure = 100
/** Milliseconds until a storage that failed is tried again. */
const untilBack = 5_100

/** Storage may hold anything: a token that no header can carry would make every request fail, a place elsewhere would leak it. */
const isStoredRpt = (rpt: StoredRpt, host: string): boolean =>
  typeof rpt?.id === 'string' &&
  typeof rpt.grant?.token === 'string' &&
  /^[\x21-\x7e]+$/.test(rpt.grant.token) &&
  [rpt.places, rpt.insufficient].every(Array.isArray) &&
  rpt.places.every((place) => typeof place?.[0] === 'string' && `${place[1]}`.startsWith(`${host}/`))

export function createLedger(services: Services, party: Party): Ledger {
  const { store, trust, tell } = services
  const name = nameKey(party.name)
  const indexKey = `uma:index:${name}`
  const pctKey = (authority: string): string => `uma:pct:${name} ${authority}`
  const recordKey = (authority: string, host: string): string => `uma:rpts:${name} ${host} ${authority}`
  const read = new Map<string, Promise<void> | undefined>()
  /** The texts as they were last seen: comparing is cheaper than parsing. */
  const seen = new Map<string, string | undefined>()
  const known = new Map<string, { authority: Authority; host: string }>()
  const saving = new Map<string, Promise<void>>()
  const noted = new Set<string>()
  let epoch: string | undefined

  // Tabs tell one another; processes look before a flow.
  const channel = globalThis.document && globalThis.BroadcastChannel && new BroadcastChannel('uma-requester')
  if (channel) {
    channel.onmessage = ({ data }) => {
      // There is something new about some host: the next request looks.
      if (data === indexKey) read.clear()
      for (const [at, { authority, host }] of known) if (data === at || data === epochKey(party)) sync(authority, host)
    }
  }
  const put = async (key: string, text: string | undefined): Promise<void> => {
    await (text === undefined ? store.delete(key) : store.set(key, text))
    seen.set(key, text)
    channel?.postMessage(key)
  }

  /** What there are records of; false: it could not be read. */
  async function index(): Promise<string[][] | false> {
    const text = await store.get(indexKey)
    if (text === false) return false
    const { pairs } = readObject(text ?? '') ?? {}
    return Array.isArray(pairs)
      ? pairs.filter((pair) => Array.isArray(pair) && pair.every((part) => typeof part === 'string'))
      : []
  }

  async function hydrate(wanted?: string): Promise<boolean> {
    const pairs = await index()
    let complete = pairs !== false
    for (const [host = '', key = ''] of pairs || []) {
      if (wanted && host !== wanted) continue
      const authority = await trust.find(issuerOf(key), host).catch(() => undefined)
      // Who is not trusted any more has nothing to say here any more.
      if (authority?.key === key && authority.speaksFor(host)) complete = (await sync(authority, host)) && complete
    }
    return complete
  }

  async function sync(authority: Authority, host: string): Promise<boolean> {
    const { key, scheme } = authority
    const at = recordKey(key, host)
    known.set(at, { authority, host })
    const [text, pct, now] = await Promise.all([store.get(at), store.get(pctKey(key)), epochOf(services, party)])
    // What cannot be read is not gone: memory does.
    if (text === false || pct === false || now === false) return false
    if (epoch !== undefined && epoch !== now) {
      // Signed out elsewhere: all that is held is void, and so is what flows under way still bring.
      party.forget()
      seen.clear()
    }
    epoch = now
    if (pct !== seen.get(pctKey(key))) {
      seen.set(pctKey(key), pct)
      pct ? party.pcts.set(key, pct) : party.pcts.delete(key)
    }
    if (text === seen.get(at)) return true
    seen.set(at, text)
    const record = readObject(text ?? '') as LedgerRecord | undefined
    const usable = record?.v === 1 && Array.isArray(record.rpts) && record.rpts.every((rpt) => isStoredRpt(rpt, host))
    if (text && !usable) {
      tell({ type: 'record-dropped', host })
      await put(at, undefined)
    }
    const current = usable && record.epoch === now
    party.wallet.load(key, host, current ? record.rpts : [], scheme.present)
    if (current && record.never) party.neverUpgrades.add(`${key} ${host}`)
    return true
  }

  async function write(key: string, host: string): Promise<void> {
    const authority = await trust.find(issuerOf(key), host).catch(() => undefined)
    const { wallet } = party
    const at = recordKey(key, host)
    if (authority?.key !== key) return
    await store.lock(`${at} save`, async () => {
      if (!(await sync(authority, host))) return noteLater(key, host, untilBack)
      if (party.wallet !== wallet) return
      const never = party.neverUpgrades.has(`${key} ${host}`)
      const { rpts, stored } = wallet.dump(key, host)
      const record: LedgerRecord = { v: 1, epoch: epoch as string, never, rpts }
      const text = JSON.stringify(record)
      if (text !== seen.get(at)) {
        // Not kept for later: what others write until then would be undone.
        if (!(await store.set(at, text, undefined, false))) return noteLater(key, host, untilBack)
        seen.set(at, text)
        channel?.postMessage(at)
      }
      stored()
      if (party.pcts.get(key) !== seen.get(pctKey(key))) await put(pctKey(key), party.pcts.get(key))
    })
    await party.lock(indexKey, async () => {
      const pairs = await index()
      if (!pairs) return noteLater(key, host, untilBack)
      if (pairs.some(([one, other]) => one === host && other === key)) return
      await put(indexKey, JSON.stringify({ pairs: [...pairs, [host, key]] }))
    })
  }

  function noteLater(key: string, host: string, ms: number): void {
    const at = recordKey(key, host)
    if (noted.has(at)) return
    noted.add(at)
    later(() => {
      noted.delete(at)
      save(key, host)
    }, ms)
  }

  const save: Ledger['save'] = (key, host) => {
    const at = recordKey(key, host)
    const next = `${at} next`
    const waiting = saving.get(next)
    if (waiting) return waiting
    const promise = (saving.get(at) ?? Promise.resolve()).then(async () => {
      saving.delete(next)
      saving.set(at, promise)
      await write(key, host)
    })
    saving.set(next, promise)
    return promise
  }

  return {
    ready(host) {
      if (!read.has(host)) {
        const reading = hydrate(host).then(
          (complete) => void (complete ? read.set(host, undefined) : read.delete(host)),
        )
        read.set(host, reading)
      }
      return read.get(host)
    },
    async readAll() {
      await hydrate()
    },
    async sync(authority, host) {
      await sync(authority, host)
    },
    save,
    note: (key, host) => noteLater(key, host, leisure),
    async erase() {
      for (const [host = '', key = ''] of (await index()) || []) {
        await put(recordKey(key, host), undefined)
        await put(pctKey(key), undefined)
      }
      await put(indexKey, undefined)
      channel?.postMessage(epochKey(party))
    },
  }
}
