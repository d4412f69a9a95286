import { expect, it } from 'vitest'
import { NobodySignedInError } from '../../../src/errors/index.ts'
import { codeFlow } from '../../../src/sign-in.ts'
import { issuer } from '../authorization-server/kit.ts'
import { key, place, world } from './run-kit.ts'

const jwt = (seconds: number) => `e30.${btoa(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + seconds }))}.s`

it("gives the party's own tokens, which are not enumerable", async () => {
  const { run, party } = world({ server: { signIn: codeFlow({ scope: 'openid' }) } })
  run.stop()
  await expect(run.context.accessToken()).rejects.toBeInstanceOf(NobodySignedInError)
  for (const idToken of [undefined, 'opaque', jwt(60)]) {
    party.identities.set(key, { accessToken: 'own', idToken } as never)
    expect(await run.context.idToken()).toBe(idToken)
  }
  expect([await run.context.accessToken(), run.partyToken]).toEqual(['own', 'own'])
  expect({ ...run.context }).toEqual({ requestingParty: 'alice', issuer, resource: place.url, signal: run.signal })
})
