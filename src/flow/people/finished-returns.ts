import { sha256 } from '../../async/sha256.ts'
import type { Party } from '../../parties/party.ts'
import { finishedKey } from '../../parties/record-keys.ts'
import { readObject } from '../../protocol/http/read-object.ts'

/** How long a return is remembered, in milliseconds. */
const remembered = 600_000

/** The outcome of a return: it was finished, or failed with a code. */
export type ReturnOutcome = { finished: true } | { code: string }

/** The stored mark. It holds neither URL nor token. */
interface Mark {
  /** A sign-out makes the mark void. */
  epoch: number
  until: number
  /** Absent: the return was finished. */
  code?: string | undefined
}

/** Remembers the outcome of the return with this state. */
export async function rememberReturn(party: Party, state: string, outcome: ReturnOutcome): Promise<void> {
  const code = 'code' in outcome ? outcome.code : undefined
  const mark: Mark = { epoch: party.epoch, until: Date.now() + remembered, code }
  await party.records.set(finishedKey(party.name, await sha256(state)), JSON.stringify(mark), remembered)
}

/** The outcome of the return with this state, if this party came back with it less than 10 minutes ago. */
export async function rememberedReturn(party: Party, state: string): Promise<ReturnOutcome | undefined> {
  const text = await party.records.get(finishedKey(party.name, await sha256(state)))
  const mark = readObject(text || '') as Mark | undefined
  const now = Date.now()
  if (!mark || mark.epoch !== party.epoch || !(mark.until > now && mark.until <= now + remembered)) return undefined
  return typeof mark.code === 'string' ? { code: mark.code } : { finished: true }
}
