/** E8: an answer 400 without an error code has a code of our own and costs no second round. */
import { expect, test } from 'vitest'
import { claim, path, tokenRequests, umaRejection } from '../flows/kit.ts'
import { startWorld, type World } from '../helpers/world.ts'

/** An authorization server whose token endpoint answers 400 and no code. */
const withoutCode = (): Promise<World> =>
  startWorld({ as: { quirks: { tokenAnswer: () => ({ status: 400, body: { message: 'no' } }) } } })

test('E8: the code is ours, and the ticket is the only one', async () => {
  const world = await withoutCode()
  const error = await umaRejection(world.requester().fetch(world.host.origin + path))
  expect(error).toMatchObject({ name: 'InvalidTokenResponseError', code: 'invalid_token_response', retryable: false })
  expect(error.message).toContain('status 400 without an error code')
  expect(error.message).not.toContain('claims')
  expect(tokenRequests(world).length).toBe(1)
  expect(world.lines().filter((line) => line.startsWith('GET host'))).toEqual([`GET host ${path} 401`])
})

test('E8: a hint, if claims are configured and the server never asked for them', async () => {
  const world = await withoutCode()
  const error = await umaRejection(world.requester({ claims: () => claim() }).fetch(world.host.origin + path))
  expect(error.code).toBe('invalid_token_response')
  expect(error.message).toContain('never asked for the claims')
  expect(error.message).toContain('pushClaims')
  expect(tokenRequests(world).length).toBe(1)
})

test('E8: no hint, if the claims were sent', async () => {
  const world = await withoutCode()
  const requester = world.requester({ claims: () => claim() }, { pushClaims: 'first' })
  const error = await umaRejection(requester.fetch(world.host.origin + path))
  expect(error.message).not.toContain('never asked')
})
