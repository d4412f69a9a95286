/** Signing people in on UMA 2.0: an access token of theirs as `bearer()`, an ID token as claim. */
import { expect, test } from 'vitest'
import { onlySubjects } from '../helpers/authorization-server.ts'
import { bearerOf, formOf, grants, keycloak, people, tokenRequests, wantsIdToken } from './kit.ts'

test('bearer(): nobody is signed in, so Alice signs in, and the flow goes on with its ticket', async () => {
  const { world, requester, url } = await keycloak()
  const alice = people('alice')
  const app = requester({ onRedirect: alice })
  expect((await app.fetch(url)).status).toBe(200)
  expect(grants(world)).toEqual(['code', 'uma'])
  expect(alice.asked.length).toBe(1)
  expect(world.as.stats.ticketsIssued).toBe(1)
  const [uma] = tokenRequests(world, 'uma')
  expect(bearerOf(uma as never)).toMatch(/^\S{20,}$/)
  expect(formOf(uma as never).client_id).toBeUndefined()
  world.recorder.clear()
  expect((await app.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  expect(grants(world)).toEqual(['uma'])
})

test('an ID token is pushed as claim: the claims function asks for it, and is called again', async () => {
  const { world, requester, url } = await wantsIdToken(onlySubjects(['alice']))
  expect((await requester().fetch(url)).status).toBe(200)
  expect(grants(world)).toEqual(['uma', 'code', 'uma'])
})
