import type { Rpt } from './rpt.ts'

/** The most places that are remembered against one RPT. If a place is forgotten too early, one request is refused. */
export const maxInsufficient = 200

/** Remembers where an RPT is not to be tried, by place key. */
export interface Shortfalls {
  /** Whether nothing is remembered against the RPT. */
  isEmpty(rpt: Rpt): boolean
  /** Whether nothing is remembered against the RPT at this place. */
  none(rpt: Rpt, place: string): boolean
  /** The RPT was not enough for the place. */
  add(rpt: Rpt, place: string): void
  remove(rpt: Rpt, place: string): void
  clear(rpt: Rpt): void
  /** The RPT is not tried at the place again, not even as the last resort, until its grant changes. Not stored. */
  forget(rpt: Rpt, place: string): void
  isForgotten(rpt: Rpt, place: string): boolean
  clearForgotten(rpt: Rpt): void
}

/** Adds a value to a set that keeps the newest values only. */
function addBounded(set: Set<string>, value: string): void {
  set.delete(value)
  set.add(value)
  if (set.size <= maxInsufficient) return
  const [oldest] = set
  set.delete(oldest as string)
}

export function createShortfalls(): Shortfalls {
  const forgotten = new WeakMap<Rpt, Set<string>>()
  const isForgotten: Shortfalls['isForgotten'] = (rpt, place) => forgotten.get(rpt)?.has(place) ?? false
  return {
    isEmpty: (rpt) => rpt.insufficient.size === 0 && !forgotten.has(rpt),
    none: (rpt, place) => !rpt.insufficient.has(place) && !isForgotten(rpt, place),
    add: (rpt, place) => addBounded(rpt.insufficient, place),
    remove(rpt, place) {
      rpt.insufficient.delete(place)
      forgotten.get(rpt)?.delete(place)
    },
    clear(rpt) {
      rpt.insufficient.clear()
      forgotten.delete(rpt)
    },
    forget(rpt, place) {
      const places = forgotten.get(rpt) ?? new Set<string>()
      forgotten.set(rpt, places)
      addBounded(places, place)
    },
    isForgotten,
    clearForgotten: (rpt) => void forgotten.delete(rpt),
  }
}
