/** An RPT that has run out, with its refresh token. */

import { expect } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import type { AuthorizationServerQuirks } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import type { RecordedRequest } from '../helpers/recorder.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { formsOf } from '../requester/kit.ts'
import { byFetch, type Send } from '../ways-in/kit.ts'
import { path } from './kit.ts'

export const requests = (world: World): RecordedRequest[] => world.sent().filter((r) => r.path === '/token')
export const refreshes = (world: World): URLSearchParams[] =>
  formsOf(requests(world)).filter((form) => form.get('grant_type') === 'refresh_token')
export const flows = (world: World): number => formsOf(requests(world)).length - refreshes(world).length

/** A world where one RPT is held that the client believes to have run out. */
export async function ranOut(
  quirks: Partial<AuthorizationServerQuirks> = {},
  more: Partial<RequesterOptions> = {},
  server = {},
  attach = byFetch.attach,
): Promise<{ world: World; send: Send; url: string; token: string | undefined }> {
  const world = await startWorld({ as: { quirks: { refreshTokens: true, ...quirks } } })
  let token: string | undefined
  world.as.quirks.tokenAnswer = (json) => {
    token = json.refresh_token as string | undefined
    return { ...json, expires_in: 60 }
  }
  const send = attach(world.requester(more, server))
  const url = world.host.origin + path
  expect((await send(url)).status).toBe(200)
  world.as.quirks.tokenAnswer = undefined
  later(61_000)
  world.recorder.clear()
  world.events.length = 0
  return { world, send, url, token }
}
