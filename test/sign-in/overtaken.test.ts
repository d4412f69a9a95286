/** What happens meanwhile: sign-outs, other servers, other clients, and resolvers that cannot tell. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { dynamicClient } from '../../src/client/dynamic.ts'
import {
  type AuthorizationServer,
  bearer,
  createRequester,
  none,
  type Requester,
  type UmaEvent,
} from '../../src/index.ts'
import { inspect } from '../../src/inspect.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { photoApp } from '../helpers/am/authorization-manager.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import { startWorld } from '../helpers/world.ts'
import { name, startAmWorld, visitManager } from '../schemes/kit.ts'
import { keycloak, path, people, person, REDIRECT_URI, rejection, umaRejection } from './kit.ts'

const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

class Away extends Error {
  readonly url: string
  constructor(url: string) {
    super('away')
    this.url = url
  }
}
/** Ends the request with the URL that the person is to go to. */
const leaves = pageRedirect({
  navigate(url) {
    throw new Away(url)
  },
})
const away = async (sent: Promise<unknown>): Promise<string> => {
  const error = await rejection(sent)
  if (!(error instanceof Away)) throw error
  return error.url
}

describe('signed out meanwhile: nothing is kept', () => {
  test('while the resolver is asked who the way back belongs to', async () => {
    const cast = await keycloak()
    const storage = new Map<string, string>()
    let slow = 0
    const server = {
      issuer: cast.world.as.issuer,
      hosts: [cast.world.host.origin],
      client: { id: 'spa', auth: bearer() },
      signIn: codeFlow({ scope: 'openid' }),
    }
    const requester = createRequester({
      authorizationServers: async () => {
        await tick(slow)
        return { ...server, allowPrivate: true }
      },
      storage: keyValueStorage(storage),
      requestingParty: 'alice',
      redirectUri: REDIRECT_URI,
      onRedirect: leaves,
    })
    const back = await person('alice')(await away(requester.fetch(cast.url)))
    slow = 200
    const coming = umaRejection(handleCallback(requester, back))
    await tick(60)
    slow = 0
    await requester.signOut()
    expect(await coming).toMatchObject({ name: 'InvalidStateError', code: 'invalid_state' })
    expect((await inspect(requester)).authorizationServers).toEqual([])
    expect([...storage.keys()].filter((key) => !/^uma:(epoch|redirect-uri):/.test(key))).toEqual([])
  })

  test.each([60, 120, 180, 220, 260])('while another tab refreshes, %i ms after it began', async (at) => {
    const cast = await keycloak()
    const held = new Map<string, string>()
    let slow = 0
    const storage = {
      async get(key: string) {
        const value = held.get(key)
        await tick(slow)
        return value
      },
      set: async (key: string, value: string) => void held.set(key, value),
      delete: async (key: string) => void held.delete(key),
    }
    // The server cannot revoke, and says that the access token ends soon.
    const soon: typeof fetch = async (input, init) => {
      if (/revo/.test(String(input))) return new Response(null, { status: 503 })
      const answer = await fetch(input, init)
      if (!/authorization_code/.test(String(init?.body))) return answer
      return Response.json({ ...((await answer.json()) as object), expires_in: 60 }, { status: answer.status })
    }
    const tab = () => cast.requester({ storage: keyValueStorage(storage), fetch: soon })
    expect((await tab().fetch(cast.url)).status).toBe(200)
    later(61_000)
    const [one, other] = [tab(), tab()]
    slow = 40
    const sent = one.fetch(`${cast.world.host.origin}/alice/2.jpg`, { uma: { interactive: false } }).catch(() => {})
    await tick(at)
    slow = 0
    await other.signOut()
    await sent
    await tick(50)
    const found = (await inspect(other)).authorizationServers
    expect(found.filter(({ signedIn }) => signedIn)).toEqual([])
  })
})

describe('another server (RFC 9700 §4.4)', () => {
  test('a hostile one sends the person on to an honest one: it gets neither its code nor the verifier', async () => {
    const world = await startAmWorld('1.0.1')
    const got: string[] = []
    const hostile = createServer((request, response) => {
      if (request.url === '/token') got.push(request.url)
      response.writeHead(401, { 'www-authenticate': `UMA as_uri="${issuer}", ticket="t"` }).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => hostile.once('listening', resolve))
    onTestFinished(() => void hostile.close())
    const issuer = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`
    const { authorization_endpoint: honest = '' } = (await (
      await fetch(`${world.am.issuer}/.well-known/uma-configuration`)
    ).json()) as Record<string, string>
    const requester = createRequester({
      authorizationServers: [
        {
          issuer: world.am.issuer,
          hosts: [world.host.origin],
          scheme: uma1(),
          client: { id: photoApp.id },
          redirectUri: REDIRECT_URI,
        },
        {
          issuer,
          hosts: [issuer],
          scheme: uma1(),
          client: { id: 'here' },
          redirectUri: `${REDIRECT_URI}/hostile`,
          metadata: {
            issuer,
            token_endpoint: `${issuer}/token`,
            authorization_endpoint: `${issuer}/authorize`,
            rpt_endpoint: `${issuer}/rpt`,
          } as AuthorizationServer['metadata'] & object,
        },
      ],
      onRedirect: async ({ url }) => {
        const { searchParams } = new URL(url)
        searchParams.set('client_id', photoApp.id)
        searchParams.set('redirect_uri', REDIRECT_URI)
        return visitManager(`${honest}?${searchParams}`, 'alice')
      },
    })
    expect(await umaRejection(requester.fetch(`${issuer}/photo`))).toMatchObject({
      name: 'RedirectError',
      reason: 'redirect_uri',
    })
    expect(got).toEqual([])
  })
})

describe('auth that asks for the party’s token', () => {
  test('is left out where that token is just being obtained', async () => {
    const cast = await keycloak()
    const requester = cast.requester({}, { client: { id: 'spa', auth: bearer((context) => context.accessToken()) } })
    expect((await requester.fetch(cast.url)).status).toBe(200)
    await requester.signOut()
    expect((await inspect(requester)).authorizationServers).toEqual([])
  })
})

describe('a resolver that cannot tell just now', () => {
  test('keeps nobody from what else is kept, and costs no refresh token', async () => {
    const world = await startWorld({ as: { quirks: { refreshTokens: true } } })
    let broken = false
    const events: UmaEvent[] = []
    const soon: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (!/uma-ticket/.test(String(init?.body))) return answer
      return Response.json({ ...((await answer.json()) as object), expires_in: 60 }, { status: answer.status })
    }
    const requester = createRequester({
      authorizationServers: async () => {
        if (broken) throw new Error('the database is away')
        const client = { id: 'spa', auth: none() }
        return { issuer: world.as.issuer, hosts: [world.host.origin], client, allowPrivate: true }
      },
      fetch: soon,
      onEvent: (event) => events.push(event),
    })
    const url = world.host.origin + path
    expect((await requester.fetch(url)).status).toBe(200)
    later(61_000)
    broken = true
    expect((await inspect(requester)).authorizationServers).toEqual([])
    await rejection(requester.fetch(url))
    broken = false
    world.recorder.clear()
    expect((await requester.fetch(url)).status).toBe(200)
    expect(events.map(({ type }) => type)).toContain('rpt-refreshed')
    expect(events.map(({ type }) => type)).not.toContain('rpt-dropped')
  })
})

describe('another client', () => {
  const register = { client_name: 'Album', redirect_uris: [REDIRECT_URI], grant_types: ['authorization_code'] }

  test('registered by another process: the way back finds it in the storage', async () => {
    const world = await startAmWorld('1.0.1')
    const storage = new Map<string, string>()
    const process = () =>
      world.requester(
        uma1(),
        { storage: keyValueStorage(storage), requestingParty: 'alice', onRedirect: leaves },
        { client: dynamicClient(register) },
      )
    const [one, two] = [process(), process()]
    const leave = async (requester: Requester) =>
      visitManager(await away(requester.fetch(world.host.origin + name)), 'alice')
    expect(await handleCallback(two, await leave(one))).toMatchObject({ kind: 'code' })
    await one.signOut()
    // Another process registers another; process two has the old one in memory.
    const [key = ''] = [...storage.keys()].filter((one) => one.startsWith('uma:client:'))
    storage.delete(key)
    expect(await handleCallback(two, await leave(process()))).toMatchObject({ kind: 'code' })
  })

  test('whose secret has ended while the person was away: said so, and sending it again helps', async () => {
    const world = await startAmWorld('1.0.1')
    const storage = new Map<string, string>()
    const short: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (!/regist/.test(String(input))) return answer
      const client_secret_expires_at = Math.floor(Date.now() / 1000) + 60
      return Response.json(
        { ...((await answer.json()) as object), client_secret_expires_at },
        { status: answer.status },
      )
    }
    const requester = world.requester(
      uma1(),
      { storage: keyValueStorage(storage), requestingParty: 'alice', fetch: short, onRedirect: leaves },
      { client: dynamicClient(register) },
    )
    const back = await visitManager(await away(requester.fetch(world.host.origin + name)), 'alice')
    later(61_000)
    expect(await umaRejection(handleCallback(requester, back))).toMatchObject({
      name: 'InvalidStateError',
      message: expect.stringContaining('send the request again'),
    })
  })
})

test('a refresh that brings the ID token of somebody else ends the sign-in (OpenID Connect Core §12.2)', async () => {
  const cast = await keycloak(onlyPeople('alice'))
  const mixed: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init)
    const form = String(init?.body)
    if (!/grant_type=(authorization_code|refresh_token)/.test(form)) return answer
    const body = (await answer.json()) as Record<string, unknown>
    if (/authorization_code/.test(form)) body.expires_in = 60
    else {
      const [header, payload = '', signature] = String(body.id_token).split('.')
      const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'mallory' }
      body.id_token = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
    }
    return Response.json(body, { status: answer.status })
  }
  const asked = people('alice')
  const requester = cast.requester({ fetch: mixed, onRedirect: asked })
  expect((await requester.fetch(cast.url)).status).toBe(200)
  later(61_000)
  expect((await requester.fetch(`${cast.world.host.origin}/alice/2.jpg`)).status).toBe(200)
  expect(asked.asked.length).toBe(2)
})
