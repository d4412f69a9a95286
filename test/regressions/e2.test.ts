/** E2: a message names the setting or the issuer that it is about, and says when the person declined. */
import { describe, expect, test } from 'vitest'
import { clientSecretBasic, none, type RequesterOptions } from '../../src/index.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { comesBack, path, umaRejection, withPerson } from '../flows/kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'

const people = { as: { policy: onlyPeople('alice') } }

async function messageOf(
  options: Partial<RequesterOptions>,
  { server = {}, uma = {}, world: given = {} }: { server?: object; uma?: object; world?: object } = {},
): Promise<string> {
  const world = await startWorld(given)
  const error = await umaRejection(world.requester(options, server).fetch(world.host.origin + path, { uma }))
  return error.message.replaceAll(world.as.issuer, 'ISSUER').replaceAll(world.host.origin, 'HOST')
}

describe('E2: a person is needed', () => {
  test('E2: nobody can be sent away: the missing option is named', async () => {
    expect(await messageOf({}, { world: people })).toContain('onRedirect')
  })

  test('E2: the request may not send the person away: interactive is named', async () => {
    const message = await messageOf(withPerson(), { world: people, uma: { interactive: false } })
    expect(message).toContain('interactive: false')
    expect(message).not.toContain('onRedirect')
  })
})

describe('E2: the person declined', () => {
  test('E2: at the claims page', async () => {
    const back = ({ redirectUri, state }: { redirectUri?: string | undefined; state: string }) =>
      `${redirectUri}?state=${state}&error=access_denied`
    expect(await messageOf(comesBack(back), { world: people })).toBe('The person declined at ISSUER')
  })

  test('E2: at the sign-in', async () => {
    const world = await startWorld()
    const iss = encodeURIComponent(world.as.issuer)
    const back = ({ redirectUri, state }: { redirectUri?: string | undefined; state: string }) =>
      `${redirectUri}?state=${state}&iss=${iss}&error=access_denied`
    const requester = world.requester(comesBack(back), { signIn: codeFlow({ scope: 'openid' }) })
    const error = await umaRejection(requester.signIn(world.as.issuer))
    expect(error.message).toBe(`The person declined at ${world.as.issuer}`)
    expect(error).toMatchObject({ code: 'redirect_failed', reason: 'access_denied' })
  })
})

describe('E2: trust', () => {
  test('E2: an issuer that is not configured: the message names that issuer and the configured ones', async () => {
    const message = await messageOf({}, { server: { issuer: 'https://as.example.com' } })
    expect(message).toContain('names the issuer ISSUER')
    expect(message).toContain('authorizationServers, which has https://as.example.com')
  })

  test('E2: a host that is not configured: the message names the host and the configured ones', async () => {
    const message = await messageOf({}, { server: { hosts: ['https://photos.example.com'] } })
    expect(message).toContain('ISSUER may not speak for HOST')
    expect(message).toContain('hosts, which are https://photos.example.com')
  })
})

describe('E2: invalid_client', () => {
  test('E2: an unknown public client', async () => {
    const message = await messageOf({}, { server: { client: { id: 'nobody', auth: none() } } })
    expect(message).toContain('refuses the client nobody, authenticated with none')
    expect(message).toContain('(client.id, client.auth)')
  })

  test('E2: a wrong secret', async () => {
    const message = await messageOf({}, { server: { client: { id: 'web', auth: clientSecretBasic('wrong') } } })
    expect(message).toContain('refuses the client web, authenticated with client_secret_basic')
    expect(message).not.toContain('wrong')
  })

  test('E2: a method that the server does not accept', async () => {
    const quirks = {
      metadata: (json: object) => ({
        ...json,
        token_endpoint_auth_methods_supported: ['private_key_jwt', '<b>no method</b>'],
      }),
    }
    const server = { client: { id: 'nobody', auth: none() } }
    const message = await messageOf({}, { server, world: { as: { quirks } } })
    expect(message).toContain('authenticated with none; accepted are private_key_jwt (client.id, client.auth)')
  })
})
