/** H11: the challenge has a default realm, no space after commas, and UMA as its first challenge. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { guardNode } from '../../src/host/node.ts'
import { hosted } from '../host/hosted.ts'
import { rawRequest } from '../host/raw.ts'

/** The pattern of a Python client, which needs a realm before as_uri. */
const python = /^UMA\s+realm="([^"]+)",\s?as_uri="([^"]+)",\s?ticket="([^"]+)"$/

/** Reads a challenge as older versions of keycloak-js: it divides at commas and does not trim. */
const keycloakJs = (field: string) =>
  Object.fromEntries(
    field
      .slice(field.indexOf(' ') + 1)
      .split(',')
      .map((part) => part.split('=', 2)),
  )

async function challenges(realm?: string, token?: string) {
  const { host } = await hosted({ host: { realm } as object })
  await host.protect({ url: '/alice/1.jpg', owner: 'alice' })
  const server = createServer(guardNode(host, (_req, res) => res.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const lines = [
    'GET /alice/1.jpg HTTP/1.1',
    'Host: evil.example',
    ...(token ? [`Authorization: Bearer ${token}`] : []),
  ]
  return (await rawRequest((server.address() as AddressInfo).port, lines)).headers('www-authenticate')
}

test('H11: a challenge without the option realm', async () => {
  const [uma = ''] = await challenges()
  expect(uma).toMatch(python)
  expect(Object.keys(keycloakJs(uma))).toEqual(['realm', 'as_uri', 'ticket'])
  expect(uma).toContain('realm="uma"')
  expect(uma).not.toContain('evil.example')
})

test('H11: UMA is the first challenge, also for a token that is not valid', async () => {
  const [uma = '', bearer] = await challenges('photos', 'unknown')
  expect(uma).toMatch(/^UMA realm="photos",as_uri="[^"]+",ticket="[^"]+"$/)
  expect(bearer).toBe('Bearer error="invalid_token"')
})
