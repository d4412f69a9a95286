import type { FolderIndex } from './folders.ts'
import type { Rpt } from './rpt.ts'

/** The most RPTs that are remembered for one place. The one that opened the place least recently goes first. */
const maxRptsPerPlace = 4

/** The RPTs of one place. */
interface Entry {
  /** RPTs that opened the place, the newest first. */
  opened: Rpt[]
  /**
   * RPTs that opened the place and were not enough for a later request. A permission may depend on the body, so they
   * may open the place again, but they are tried last.
   */
  refused: Rpt[]
  /** When the entry was last used, by the wallet's counter. */
  used: number
}

/** Remembers which RPTs opened exactly which place. A target is `targetOf(place)`. */
export interface PlaceIndex {
  /** The newest RPT that opened the place and was not refused there since. No allocation. */
  at(method: string, target: string): Rpt | undefined
  /** All RPTs that opened the place, those that were refused since at the end. */
  allAt(method: string, target: string): Rpt[]
  /** Whether this RPT opened the place and was not refused there since. */
  isOpenedBy(rpt: Rpt, method: string, target: string): boolean
  /** Puts the RPT first at the place. False if it was known that the RPT opens this place. */
  opened(rpt: Rpt, method: string, target: string): boolean
  /** Takes in a stored place. It never replaces anything that was learned here. */
  learn(rpt: Rpt, method: string, target: string, refused: boolean): void
  /** From now on, the RPT is tried last at this place. */
  refused(rpt: Rpt, method: string, target: string): void
  forget(rpt: Rpt, method: string, target: string): void
  /** Removes the places of dropped RPTs. */
  sweep(): void
  each(visit: (rpt: Rpt, method: string, target: string) => void): void
}

const isHeld = (rpt: Rpt): boolean => rpt.held

/** The list without this RPT; the same list if the RPT is not in it. */
const without = (rpts: Rpt[], rpt: Rpt): Rpt[] => (rpts.includes(rpt) ? rpts.filter((one) => one !== rpt) : rpts)

const isEmpty = ({ opened, refused }: Entry): boolean => opened.length + refused.length === 0

function trim(entry: Entry): void {
  while (entry.opened.length + entry.refused.length > maxRptsPerPlace) {
    if (entry.refused.pop() === undefined) entry.opened.pop()
  }
}

/**
 * @param maxPlaces the most places that are kept; the least recently used go first
 * @param tick advances the wallet's counter
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory that returns an object of small functions.
export function createPlaceIndex(maxPlaces: number, tick: () => number, folders: FolderIndex): PlaceIndex {
  const byMethod = new Map<string, Map<string, Entry>>()
  let count = 0

  const find = (method: string, target: string): Entry | undefined => byMethod.get(method)?.get(target)

  function remove(method: string, target: string): void {
    const byTarget = byMethod.get(method)
    if (byTarget?.delete(target)) count--
    if (byTarget?.size === 0) byMethod.delete(method)
  }

  /** Removes dropped RPTs from an entry, and the entry if nothing is left. */
  function prune(entry: Entry, method: string, target: string): Rpt | undefined {
    entry.opened = entry.opened.filter(isHeld)
    entry.refused = entry.refused.filter(isHeld)
    if (isEmpty(entry)) remove(method, target)
    return entry.opened[0]
  }

  function findOrAdd(method: string, target: string): Entry {
    const found = find(method, target)
    if (found) return found
    if (count >= maxPlaces) evict()
    count++
    const entry: Entry = { opened: [], refused: [], used: tick() }
    const byTarget = byMethod.get(method) ?? new Map<string, Entry>()
    byMethod.set(method, byTarget)
    byTarget.set(target, entry)
    return entry
  }

  /** Removes the least recently used tenth at once, so that sorting is rare. */
  function evict(): void {
    const ages = [...byMethod.values()]
      .flatMap((byTarget) => [...byTarget.values()].map(({ used }) => used))
      .sort((a, b) => a - b)
    const newestToGo = ages[Math.ceil(maxPlaces / 10) - 1] as number
    keep(({ used }) => used > newestToGo)
  }

  /** Removes the places that do not stay, and rebuilds the index of folders. */
  function keep(stays: (entry: Entry) => boolean): void {
    folders.clear()
    for (const [method, byTarget] of byMethod) {
      for (const [target, entry] of byTarget) {
        const newest = prune(entry, method, target)
        if (!stays(entry)) remove(method, target)
        else if (newest) folders.add(newest, method, target, true)
      }
    }
  }

  return {
    at(method, target) {
      const entry = find(method, target)
      if (!entry) return undefined
      const newest = entry.opened[0]
      const rpt = newest?.held === false ? prune(entry, method, target) : newest
      if (rpt) {
        entry.used = tick()
        rpt.used = entry.used
      }
      return rpt
    },
    allAt(method, target) {
      const entry = find(method, target)
      if (!entry) return []
      entry.used = tick()
      return [...entry.opened, ...entry.refused].filter(isHeld)
    },
    isOpenedBy: (rpt, method, target) => find(method, target)?.opened.includes(rpt) ?? false,
    opened(rpt, method, target) {
      const entry = findOrAdd(method, target)
      entry.used = tick()
      if (entry.opened[0] === rpt) return false
      const known = entry.opened.includes(rpt) || entry.refused.includes(rpt)
      entry.opened = [rpt, ...without(entry.opened, rpt).filter(isHeld)]
      entry.refused = without(entry.refused, rpt).filter(isHeld)
      trim(entry)
      folders.add(rpt, method, target, true)
      return !known
    },
    learn(rpt, method, target, refused) {
      const found = find(method, target)
      if (found) prune(found, method, target)
      const entry = findOrAdd(method, target)
      const known = [...entry.opened, ...entry.refused]
      if (known.length >= maxRptsPerPlace || known.includes(rpt)) return
      if (refused) {
        entry.refused.push(rpt)
        return
      }
      entry.opened.push(rpt)
      folders.add(rpt, method, target, false)
    },
    refused(rpt, method, target) {
      const entry = find(method, target)
      if (!entry?.opened.includes(rpt)) return
      entry.opened = without(entry.opened, rpt)
      entry.refused = [rpt, ...entry.refused]
    },
    forget(rpt, method, target) {
      const entry = find(method, target)
      if (!entry) return
      entry.opened = without(entry.opened, rpt)
      entry.refused = without(entry.refused, rpt)
      if (isEmpty(entry)) remove(method, target)
    },
    sweep: () => keep(() => true),
    each(visit) {
      for (const [method, byTarget] of byMethod) {
        for (const [target, { opened, refused }] of byTarget) {
          for (const rpt of opened) visit(rpt, method, target)
          for (const rpt of refused) visit(rpt, method, target)
        }
      }
    },
  }
}
