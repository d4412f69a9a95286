/** Somebody who holds all that can be held. */
import { expect } from 'vitest'
import type { Requester, RequesterOptions } from '../../src/index.ts'
import { type AuthorizationServerQuirks, onlySubjects } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { claim, path } from './kit.ts'

export const other = '/alice/2.jpg'

/** A world where alice holds an RPT, a refresh token and a PCT. */
export async function signedIn(
  quirks: Partial<AuthorizationServerQuirks> = {},
  more: Partial<RequesterOptions> = {},
  server = {},
) {
  const world = await startWorld({
    as: { policy: onlySubjects(['alice']), quirks: { refreshTokens: true, upgrade: 'never', ...quirks } },
  })
  const answers: Record<string, unknown>[] = []
  world.as.quirks.tokenAnswer = (json) => {
    answers.push(json)
    return json
  }
  const requester = world.requester({ claims: () => claim(), requestingParty: 'alice', ...more }, server)
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  const { access_token: rpt, refresh_token: refresh, pct } = answers[0] as Record<string, string>
  expect([rpt, refresh, pct].map((token) => token?.length ?? 0).every((length) => length > 10)).toBe(true)
  world.recorder.clear()
  world.events.length = 0
  return { world, requester, rpt: rpt as string, refresh: refresh as string, pct: pct as string }
}
export const opens = async (world: World, requester: Requester, at = path): Promise<string[]> => {
  world.recorder.clear()
  expect((await requester.fetch(world.host.origin + at)).status).toBe(200)
  return world.lines()
}
