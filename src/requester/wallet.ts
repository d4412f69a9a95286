import type { Grant, HeaderPatch } from '../schemes/scheme.ts'
import type { Rpt, StoredRpt } from './rpt.ts'

/** An RPT that was seen to open a place. */
interface Entry {
  rpt: Rpt
  used: number
}

/**
 * The RPTs of one requesting party (DESIGN §4). A *place* is a method and a URL; the RPT that opened it serves it again. For an
 * unknown place, the one that opened the nearest place above it, then the newest of that host. Finding one costs a few look-ups
 * in maps, however many are held.
 */
export interface Wallet {
  /** The RPT learned for exactly this place. `url` without fragment; whatever is not an absolute URL is simply not found. */
  at(method: string, url: string): Rpt | undefined
  /** The RPT that is most likely to open this place. */
  nearest(method: string, url: URL): Rpt | undefined
  /** The newest RPT of an authority at a host. */
  newest(host: string, authority: string): Rpt | undefined
  /** Takes in what a flow was granted for a place; `upgraded`: it replaces that RPT. */
  store(grant: Grant, headers: HeaderPatch, authority: string, host: string, upgraded?: Rpt): Rpt
  /** Remembers that this RPT opened this place; false when that was known. */
  opened(rpt: Rpt, method: string, url: string): boolean
  /** Remembers that this RPT was not enough for this place. */
  refused(rpt: Rpt, method: string, url: string): void
  drop(rpt: Rpt): void
  /** All that are held. */
  all(): Rpt[]
  /** What is to be stored of an authority at a host; `stored()` is called once it was. */
  dump(authority: string, host: string): { rpts: StoredRpt[]; stored: () => void }
  /** Takes in what was stored: what was upgraded or refreshed elsewhere, what is new, and what is gone. */
  load(authority: string, host: string, stored: StoredRpt[], present: (grant: Grant) => HeaderPatch): void
}

/** The path and every folder above it, down to the host's root. */
function* folders(url: string, host: string): Generator<string> {
  for (let end = url.length; end > host.length; end = url.lastIndexOf('/', end - 2) + 1) yield url.slice(0, end)
}

/** Most places that are remembered against one RPT: forgetting one costs a refused request. */
const maxInsufficient = 200

/** @param maxEntries how many RPTs, and how many places, are kept; the least recently used go first */
export function createWallet(maxEntries = 1000): Wallet {
  const byPlace = new Map<string, Map<string, Entry>>()
  const byFolder = new Map<string, Rpt>()
  /** Oldest first. */
  const byHost = new Map<string, Rpt[]>()
  /** Dropped here, and perhaps still stored. */
  const gone = new Set<string>()
  let clock = 0
  let places = 0
  let rpts = 0

  const all = (): Rpt[] => [...byHost.values()].flat()

  const touch = (rpt: Rpt | undefined): Rpt | undefined => {
    if (rpt) rpt.used = ++clock
    return rpt
  }

  function at(method: string, url: string): Rpt | undefined {
    const entry = byPlace.get(method)?.get(url)
    if (!entry?.rpt.held) return undefined
    entry.used = entry.rpt.used = ++clock
    return entry.rpt
  }

  function nearest(method: string, url: URL): Rpt | undefined {
    const place = `${method} ${url.href}`
    const fits = (rpt: Rpt | undefined): rpt is Rpt => !!rpt?.held && !rpt.insufficient.has(place)
    // The path itself first (another query of the same place), then the folders above it.
    for (const folder of folders(url.origin + url.pathname, url.origin)) {
      const found = byFolder.get(`${method} ${folder}`)
      if (fits(found)) return touch(found)
    }
    const held = byHost.get(url.origin)
    // One that was not enough before may get a challenge for what is missing, and be upgraded.
    return touch(held?.findLast(fits) ?? held?.at(-1))
  }

  function store(grant: Grant, headers: HeaderPatch, authority: string, host: string, upgraded?: Rpt): Rpt {
    const held = byHost.get(host) ?? []
    byHost.set(host, held)
    // An upgraded RPT lives on in its record; so does one that the server simply hands out again.
    let rpt = upgraded?.held
      ? upgraded
      : held.find((one) => one.grant.token === grant.token && one.authority === authority)
    if (rpt) {
      if (rpt === upgraded) rpt.insufficient.clear()
      held.splice(held.indexOf(rpt), 1)
      Object.assign(rpt, { grant, headers, saved: false })
    } else {
      rpt = create({ grant, authority, host, headers, id: Math.random().toString(36).slice(2) })
    }
    rpt.used = ++clock
    held.push(rpt)
    return rpt
  }

  function create(parts: Pick<Rpt, 'grant' | 'authority' | 'host' | 'headers' | 'id'>): Rpt {
    if (++rpts > maxEntries) evictRpts()
    return { ...parts, insufficient: new Set(), held: true, used: 0, saved: false, sends: new Set() }
  }

  function opened(rpt: Rpt, method: string, url: string): boolean {
    if (!rpt.held) return false
    const urls = byPlace.get(method) ?? new Map<string, Entry>()
    byPlace.set(method, urls)
    const entry = urls.get(url)
    rpt.insufficient.delete(`${method} ${url}`)
    if (entry?.rpt === rpt) return false
    if (entry) entry.rpt = rpt
    else {
      if (++places > maxEntries) evictPlaces()
      urls.set(url, { rpt, used: ++clock })
    }
    index(rpt, method, url)
    return true
  }

  function index(rpt: Rpt, method: string, url: string): void {
    for (const folder of folders(url.split('?', 1)[0] as string, rpt.host)) byFolder.set(`${method} ${folder}`, rpt)
  }

  function refused(rpt: Rpt, method: string, url: string): void {
    rpt.insufficient.add(`${method} ${url}`)
    if (rpt.insufficient.size > maxInsufficient) {
      rpt.insufficient.delete(rpt.insufficient.values().next().value as string)
    }
    if (byPlace.get(method)?.get(url)?.rpt === rpt && byPlace.get(method)?.delete(url)) places--
  }

  function drop(rpt: Rpt): void {
    if (!rpt.held) return
    rpt.held = false
    rpts--
    if (rpt.saved) gone.add(rpt.id)
    const held = byHost.get(rpt.host) as Rpt[]
    held.splice(held.indexOf(rpt), 1)
  }

  /** A tenth goes at once, so that sorting is rare. */
  function evictRpts(): void {
    const oldest = all().sort((a, b) => a.used - b.used)
    for (const rpt of oldest.slice(0, Math.ceil(maxEntries / 10))) drop(rpt)
    sweep(() => true)
  }

  function evictPlaces(): void {
    const ages = [...byPlace.values()]
      .flatMap((urls) => [...urls.values()].map(({ used }) => used))
      .sort((a, b) => a - b)
    const oldest = ages[Math.ceil(maxEntries / 10)] as number
    sweep((entry) => entry.used > oldest)
  }

  /** Forgets the places that are not to stay, and those of RPTs that are gone. */
  function sweep(stays: (entry: Entry) => boolean): void {
    byFolder.clear()
    for (const [method, urls] of byPlace) {
      for (const [url, entry] of urls) {
        if (entry.rpt.held && stays(entry)) index(entry.rpt, method, url)
        else if (urls.delete(url)) places--
      }
    }
  }

  function dump(authority: string, host: string): ReturnType<Wallet['dump']> {
    const dropped = [...gone]
    const stored = new Map<Rpt, StoredRpt>()
    for (const rpt of byHost.get(host) ?? []) {
      if (rpt.authority !== authority) continue
      stored.set(rpt, { id: rpt.id, grant: rpt.grant, places: [], insufficient: [...rpt.insufficient] })
    }
    for (const [method, urls] of byPlace) {
      for (const [url, { rpt }] of urls) stored.get(rpt)?.places.push([method, url])
    }
    return {
      rpts: [...stored.values()],
      stored() {
        // What has changed since is not.
        for (const [rpt, { grant }] of stored) rpt.saved = rpt.grant === grant
        for (const id of dropped) gone.delete(id)
      },
    }
  }

  function load(authority: string, host: string, stored: StoredRpt[], present: (grant: Grant) => HeaderPatch): void {
    const held = byHost.get(host) ?? []
    byHost.set(host, held)
    for (const rpt of held.filter((one) => one.saved && one.authority === authority)) {
      if (!stored.some(({ id }) => id === rpt.id)) drop(rpt)
    }
    for (const { id, grant, places, insufficient } of stored) {
      if (gone.has(id)) continue
      let rpt = held.find((one) => one.id === id)
      if (!rpt) {
        rpt = create({ id, grant, authority, host, headers: present(grant) })
        rpt.saved = true
        held.push(rpt)
      } else if (rpt.saved && rpt.grant.token !== grant.token) {
        Object.assign(rpt, { grant, headers: present(grant) })
        rpt.insufficient.clear()
      }
      rpt.used = ++clock
      for (const place of insufficient) rpt.insufficient.add(place)
      for (const [method, url] of places) if (byPlace.get(method)?.get(url)?.rpt.held !== true) opened(rpt, method, url)
    }
  }

  return {
    at,
    nearest,
    newest: (host, authority) => byHost.get(host)?.findLast((rpt) => rpt.authority === authority),
    store,
    opened,
    refused,
    drop,
    all,
    dump,
    load,
  }
}
