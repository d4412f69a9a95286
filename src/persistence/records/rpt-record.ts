import { readObject } from '../../protocol/http/read-object.ts'
import type { Grant } from '../../protocol/oauth/grant.ts'
import { maxRecent, type Rpt } from '../../wallet/rpt.ts'
import { readStoredPlaces, type StoredPlace } from './places-record.ts'
import { isCount, version } from './stamp.ts'

/** The record of one RPT; plain JSON. */
export interface RptRecord {
  id: string
  revision: number
  grant: Grant
  /**
   * The places that the grant was last obtained for. Another process that waits for one of them finds the RPT at once;
   * all other places are hints that are written later.
   */
  recent: readonly StoredPlace[]
}

/** A header can carry these characters only. A token with another character would make every request fail. */
const tokenPattern = /^[\x21-\x7e]+$/

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

export const rptRecordOf = ({ id, revision, grant, recent, host }: Rpt): RptRecord => ({
  id,
  revision,
  grant,
  recent: recent.map(([method, target]) => [method, target.slice(host.length)]),
})

export const writeRptRecord = (rpt: Rpt): string => JSON.stringify({ v: version, ...rptRecordOf(rpt) })

function readGrant(value: unknown): Grant | undefined {
  const { token, type, expiresAt, refreshToken } = Object(value)
  if (!isText(token) || !tokenPattern.test(token) || !isText(type)) return undefined
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) return undefined
  if (refreshToken !== undefined && !isText(refreshToken)) return undefined
  return { token, type, expiresAt, refreshToken }
}

/**
 * Reads a record exactly: a storage may hold anything. A bad place is left out.
 *
 * @returns undefined if the text is no record of this version, or the record of another RPT
 */
export function readRptRecord(text: string, id: string, host: string): RptRecord | undefined {
  const value = readObject(text)
  const record = value?.v === version ? toRptRecord(value, host) : undefined
  return record?.id === id ? record : undefined
}

/** A record that was read as JSON; undefined if it is none. */
export function toRptRecord(value: unknown, host: string): RptRecord | undefined {
  const { id, revision, grant: storedGrant, recent } = Object(value)
  const grant = readGrant(storedGrant)
  if (!grant || !isText(id) || !isCount(revision)) return undefined
  return { id, revision, grant, recent: readStoredPlaces(recent, host, maxRecent) }
}
