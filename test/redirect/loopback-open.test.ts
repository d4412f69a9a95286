/** `open: true`, with a browser that is none. */
import { inspect } from 'node:util'
import { beforeEach, expect, test, vi } from 'vitest'
import { loopbackRedirect } from '../../src/redirect/loopback.ts'
import { rejection, tick } from '../flows/kit.ts'
import { listening } from './loopback-kit.ts'

const launch = vi.hoisted(() => vi.fn())
vi.mock('open', () => ({ default: launch }))
beforeEach(() => {
  launch.mockReset()
})

const url = 'https://as.example.com/rqp_claims?ticket=marked-ticket&state=marked-state'
const state = 'marked-state'

async function opens(options = {}) {
  const controller = new AbortController()
  const context = {
    requestingParty: undefined,
    issuer: 'https://as.example.com',
    resource: 'https://host.example/',
    signal: controller.signal,
  }
  const { redirectUri = '', run } = await loopbackRedirect({ open: true, ...options }).open(context)
  return {
    controller,
    redirectUri,
    port: Number(new URL(redirectUri).port),
    run: run({ ...context, url, state, redirectUri }),
  }
}
const comes = async (redirectUri: string): Promise<void> =>
  void (await fetch(`${redirectUri}?ticket=new&state=${state}`))

test('opens the URL, once, and waits for the person', async () => {
  launch.mockResolvedValue({})
  const { redirectUri, run } = await opens()
  await expect.poll(() => launch.mock.calls).toEqual([[url]])
  await comes(redirectUri)
  expect(await run).toContain('ticket=new')
})

test('a launcher that takes for ever does not keep the person who is back already, nor an abort', async () => {
  launch.mockReturnValue(new Promise(() => {}))
  const one = await opens()
  await comes(one.redirectUri)
  expect(await one.run).toContain('ticket=new')
  const other = await opens()
  other.controller.abort()
  expect(((await rejection(other.run)) as Error).name).toBe('AbortError')
  expect(await listening(other.port)).toBe(false)
})

// What `child_process` says holds the command line, and with it the URL.
const enoent = (): Error =>
  Object.assign(new Error('spawn xdg-open ENOENT'), { code: 'ENOENT', path: 'xdg-open', spawnargs: [url] })

test('no browser to be had: RedirectError that says so, without the URL', async () => {
  launch.mockRejectedValue(enoent())
  const { port, run } = await opens()
  const error = (await rejection(run)) as Error
  expect(error).toMatchObject({ name: 'RedirectError', code: 'redirect_failed', issuer: 'https://as.example.com' })
  expect(error.message).toMatch(/open/)
  expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/marked/)
  expect(await listening(port)).toBe(false)
})

test('no browser to be had, but the person was shown the URL: goes on', async () => {
  launch.mockRejectedValue(enoent())
  const shown: string[] = []
  const { redirectUri, run } = await opens({ show: (where: string) => shown.push(where) })
  await tick(20)
  expect(shown).toEqual([url])
  await comes(redirectUri)
  expect(await run).toContain('ticket=new')
})
