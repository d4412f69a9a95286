/** H1: a guard at the root of Express has no way around; a mounted guard says that other spellings are not covered. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { expressGuard } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { hosted } from '../host/hosted.ts'
import { rawRequest } from '../host/raw.ts'

const secret = 'the content of the photo'

/** `/alice/1.jpg` written in other ways. */
const spellings = [
  '/alice/1.jpg',
  '/%61lice/1.jpg',
  '/alic%65/1%2ejpg',
  '//alice/1.jpg',
  '/./alice/1.jpg',
  '/bob/../alice/1.jpg',
  '/alice%2f1.jpg',
  '/ALICE/1.jpg',
  '/alice//1.jpg',
  '/alice/./1.jpg',
  '/%2e/alice/1.jpg',
  '/alice;x/1.jpg',
]

async function photos() {
  const folder = await mkdtemp(join(tmpdir(), 'uma-h1-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, '1.jpg'), secret)
  return folder
}

const routes = {
  async 'a route with parameters'(app: express.Express) {
    app.get('/:owner/:photo', (_req, res) => void res.send(secret))
  },
  async 'static files'(app: express.Express) {
    app.use('/alice', express.static(await photos()))
  },
}

describe.each(['deny', 'pass'] as const)('H1: what is not mapped: %s', (onUnmapped) => {
  test.each(Object.keys(routes) as (keyof typeof routes)[])(
    'no spelling reaches %s behind a guard at the root',
    async (kind) => {
      const { host } = await hosted({ host: { onUnmapped } })
      await host.protect({ url: '/alice/*', owner: 'alice' })
      const app = express()
      app.use(expressGuard(host))
      await routes[kind](app)
      const server = await listen(app)
      onTestFinished(server.close)
      for (const spelling of spellings) {
        const answer = await rawRequest(server.port, [`GET ${spelling} HTTP/1.1`, 'Host: photos.example'])
        expect([spelling, answer.status]).toEqual([spelling, expect.toBeOneOf([400, 401, 403])])
        expect(answer.body).not.toContain(secret)
      }
    },
  )
})

test('H1: the first request through a mounted guard prints one warning; a guard at the root prints none', async () => {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warnings.mockRestore())
  const { host } = await hosted({ host: { onUnmapped: 'pass' } })
  await host.protect({ url: '/alice/*', owner: 'alice' })
  const serve = async (mount: string) => {
    const app = express()
    app.use(mount, expressGuard(host))
    app.get('/:owner/:photo', (_req, res) => void res.send(secret))
    const server = await listen(app)
    onTestFinished(server.close)
    for (let i = 0; i < 2; i++) expect((await fetch(`${server.origin}/alice/1.jpg`)).status).toBe(401)
  }
  await serve('/')
  expect(warnings).not.toHaveBeenCalled()
  await serve('/alice')
  expect(warnings).toHaveBeenCalledTimes(1)
  expect(String(warnings.mock.calls[0]?.[0])).toMatch(/mounted at \/alice.*Guard at the root/s)
})
