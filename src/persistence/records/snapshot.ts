import { readObject } from '../../protocol/http/read-object.ts'
import type { Rpt } from '../../wallet/rpt.ts'
import { type RptRecord, rptRecordOf, toRptRecord } from './rpt-record.ts'
import { version } from './stamp.ts'

/** The most copies of a large snapshot that may be out of date before the snapshot is written again. */
const mostOutdated = 8

/**
 * Copies of records, by id, in one record: a browser reads one large record much faster than a thousand small ones. The
 * snapshot is read when a host is first met. A copy counts only if the stamp lists the same mark.
 */
export type Snapshot = ReadonlyMap<string, { mark: string; record: RptRecord }>

/** The recent places are left out: the record of places, which is written before, has them. */
export const writeSnapshot = (rpts: readonly { rpt: Rpt; mark: string }[]): string =>
  JSON.stringify({ v: version, rpts: rpts.map(({ rpt, mark }) => [mark, { ...rptRecordOf(rpt), recent: [] }]) })

/**
 * Reads a snapshot exactly: a storage may hold anything. A bad copy is left out; its record is then read. The time is
 * linear in the length of the text.
 */
export function readSnapshot(text: string, host: string, maxEntries: number): Snapshot {
  const record = readObject(text)
  if (record?.v !== version || !Array.isArray(record.rpts)) return new Map()
  return new Map(record.rpts.slice(-maxEntries).flatMap((value) => readCopy(value, host)))
}

function readCopy(value: unknown, host: string): [id: string, copy: { mark: string; record: RptRecord }][] {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return []
  const record = toRptRecord(value[1], host)
  return record ? [[record.id, { mark: value[0], record }]] : []
}

/** Whether so much has changed since the snapshot was written that it has to be written again. A small one is complete. */
export function isOutdated(marks: ReadonlyMap<string, string>, rpts: readonly { rpt: Rpt; mark: string }[]): boolean {
  const current = rpts.filter(({ rpt, mark }) => marks.get(rpt.id) === mark).length
  const outdated = rpts.length - current + (marks.size - current)
  return outdated > Math.min(mostOutdated, rpts.length / (2 * mostOutdated))
}
