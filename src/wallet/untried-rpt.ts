import { type Rpt, versionOf } from './rpt.ts'

/** How many RPTs that have opened this place before are tried before a new flow. */
const maxKnownRpts = 3

/**
 * An RPT of this server that has opened this place and was not tried for this request: another request may have
 * obtained it meanwhile, or the place has several (one URL whose permission depends on the body).
 *
 * @param opened the RPTs that have opened the place, the newest first
 */
export function untriedRpt(
  opened: readonly Rpt[],
  authorityKey: string,
  { tried, replayable }: { tried: ReadonlySet<string>; replayable: boolean },
): Rpt | undefined {
  const candidates = opened.filter(({ authority }) => authority === authorityKey)
  const untried = candidates.filter((rpt) => !tried.has(versionOf(rpt)))
  const [newest] = candidates
  // Another request has obtained it while this request was on its way.
  if (newest !== undefined && newest === untried[0]) return newest
  if (!replayable || candidates.length - untried.length >= maxKnownRpts) return undefined
  return untried[0]
}
