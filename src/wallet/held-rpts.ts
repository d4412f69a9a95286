import type { Rpt } from './rpt.ts'

/** The RPTs that are held, by host and by id. */
export interface HeldRpts {
  readonly size: number
  /** Adds an RPT as the newest of its host, or makes it the newest. */
  add(rpt: Rpt): void
  remove(rpt: Rpt): void
  byId(id: string): Rpt | undefined
  /** The RPTs of a host, the oldest first. */
  of(host: string): Iterable<Rpt>
  /** The newest RPT of a host that suits. */
  newest(host: string, suits: (rpt: Rpt) => boolean): Rpt | undefined
  all(): Rpt[]
  /** The least recently used RPTs. */
  leastUsed(count: number): Rpt[]
}

export function createHeldRpts(): HeldRpts {
  const ids = new Map<string, Rpt>()
  // A set keeps the order of insertion and removes without a search.
  const byHost = new Map<string, Set<Rpt>>()
  return {
    get size() {
      return ids.size
    },
    add(rpt) {
      const rpts = byHost.get(rpt.host) ?? new Set<Rpt>()
      byHost.set(rpt.host, rpts)
      rpts.delete(rpt)
      rpts.add(rpt)
      ids.set(rpt.id, rpt)
    },
    remove(rpt) {
      ids.delete(rpt.id)
      const rpts = byHost.get(rpt.host)
      rpts?.delete(rpt)
      if (rpts?.size === 0) byHost.delete(rpt.host)
    },
    byId: (id) => ids.get(id),
    of: (host) => byHost.get(host) ?? [],
    newest(host, suits) {
      let newest: Rpt | undefined
      for (const rpt of byHost.get(host) ?? []) if (suits(rpt)) newest = rpt
      return newest
    },
    all: () => [...byHost.values()].flatMap((rpts) => [...rpts]),
    leastUsed: (count) => [...ids.values()].sort((a, b) => a.used - b.used).slice(0, count),
  }
}
