/** Frameworks that cut a mount point off the URL and do not say which part: Connect, Vite and middie have no `baseUrl`. */
import { expect, onTestFinished, test } from 'vitest'
import { expressGuard } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { wardenKit } from './warden-kit.ts'

test.each<[originalUrl: string | undefined, url: string, status: number]>([
  [undefined, '/open/1', 200],
  [undefined, '/alice/1.jpg', 401],
  ['/open/1', '/open/1', 200],
  ['/alice/1.jpg?x=1', '/alice/1.jpg?x=1', 401],
  ['/open/1?x=1', '/1?x=1', 400],
  ['/alice/1.jpg?x=1', '/1.jpg?x=1', 400],
  ['/v1/alice/1.jpg', '/alice/1.jpg', 400],
  ['/open/1', '/alice/1.jpg', 400],
  ['/open?x=/alice/1.jpg', '/alice/1.jpg', 400],
  ['/open/1#/alice/1.jpg', '/alice/1.jpg', 400],
  ['/open/', '//alice/1.jpg', 400],
  ['/a', '/alice/1.jpg', 400],
  ['/open', '/', 400],
  ['/open/1.jpg', 'jpg', 400],
])('F-R-j: %s that is now %s', async (originalUrl, url, status) => {
  const kit = wardenKit({ onUnmapped: 'pass' })
  await kit.protect('/alice/*')
  const guard = expressGuard(kit)
  const { origin, close } = await listen((req, res) => {
    Object.assign(req, { url, originalUrl })
    guard(req, res, () => res.end(req.url))
  })
  onTestFinished(close)
  expect((await fetch(origin)).status).toBe(status)
})
