import type { Rpt } from './rpt.ts'

/**
 * The most folders of one path that are indexed and looked at: the path itself and the 31 nearest folders above it. The
 * nearest folders tell most about a place. The limit keeps a path of thousands of slashes cheap.
 */
const maxFolders = 32

/** The path of a target without query and operation, and the nearest folders above it, the longest first. */
function* foldersOf(target: string, host: string): Generator<string> {
  const pathEnd = target.search(/[?#]/)
  let end = pathEnd < 0 ? target.length : pathEnd
  for (let count = 0; count < maxFolders && end > host.length; count++) {
    // A slice shares the characters of its URL, so a long URL is not copied for each folder.
    yield target.slice(0, end)
    end = target.lastIndexOf('/', end - 2) + 1
  }
}

/** Remembers, for each method and folder, the RPT that last opened a place in it. */
export interface FolderIndex {
  /** @param replace whether this RPT takes the place of another one that is still held */
  add(rpt: Rpt, method: string, target: string, replace: boolean): void
  /** The RPT of the longest folder that suits. HEAD falls back to GET in each folder. */
  find(method: string, target: string, host: string, suits: (rpt: Rpt) => boolean): Rpt | undefined
  clear(): void
}

export function createFolderIndex(): FolderIndex {
  // Nested maps: a joined key would copy the URL once for each folder.
  const byMethod = new Map<string, Map<string, Rpt>>()

  /** The RPT of one folder. A dropped RPT is removed when it is met. */
  function inFolder(method: string, folder: string): Rpt | undefined {
    const byFolder = byMethod.get(method)
    const rpt = byFolder?.get(folder)
    if (!rpt || rpt.held) return rpt
    byFolder?.delete(folder)
    return undefined
  }

  return {
    add(rpt, method, target, replace) {
      const byFolder = byMethod.get(method) ?? new Map<string, Rpt>()
      byMethod.set(method, byFolder)
      for (const folder of foldersOf(target, rpt.host)) {
        if (replace || !byFolder.get(folder)?.held) byFolder.set(folder, rpt)
      }
    },
    find(method, target, host, suits) {
      for (const folder of foldersOf(target, host)) {
        const own = inFolder(method, folder)
        if (own && suits(own)) return own
        if (method !== 'HEAD') continue
        const ofGet = inFolder('GET', folder)
        if (ofGet && suits(ofGet)) return ofGet
      }
      return undefined
    },
    clear: () => byMethod.clear(),
  }
}
