/** The share panel of a real host at a real authorization server, whose owner has not agreed to anything yet, in Chromium. */
import type { Browser, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { clientSecretBasic, createHost, type Host } from '../../src/host/index.ts'
import { guardNode, toNodeListener } from '../../src/host/node.ts'
import { startAuthorizationServer } from '../helpers/authorization-server.ts'
import { launchChromium, servePage } from '../helpers/chromium.ts'
import { listen, send } from '../helpers/http.ts'
import { byCookie } from '../host/panel-kit.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

async function start() {
  const as = await startAuthorizationServer()
  let host: Host | undefined
  let panel: ReturnType<Host['panel']> | undefined
  const places = { album: '' }
  const photos = await listen((req, res) => {
    if (!host || !panel) return send(res, { status: 503 })
    const path = req.url ?? ''
    if (path.startsWith('/panel?')) return toNodeListener(panel)(req, res)
    if (path.startsWith('/callback?')) {
      // The app goes on where it was: here, in the album.
      const back = host.completeAuthorization(
        `${photos.origin}${path}`,
        /session=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? '',
      )
      back.then(
        () => send(res, { status: 303, headers: { location: places.album } }),
        () => send(res, { status: 400 }),
      )
      return
    }
    if (path === '/sign-in') return send(res, { status: 200, headers: { 'set-cookie': 'session=alice; SameSite=Lax' } })
    guardNode(host, (_req, res) => send(res, { status: 200, body: 'a photo' }))(req, res)
  })
  const query = new URLSearchParams({ uri: '/alice/lake.jpg', name: 'Still water' })
  const album = await servePage({
    html: `<!doctype html><title>album</title><iframe src="${photos.origin}/panel?${query}" width="360" height="90"></iframe>`,
  })
  places.album = `${album.origin}/`
  const redirectUri = `${photos.origin}/callback`
  await as.addClient({
    client_id: 'photos',
    client_secret: 'photos-secret',
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access uma_protection',
  })
  host = createHost({
    issuer: as.issuer,
    client: { id: 'photos', auth: clientSecretBasic('photos-secret') },
    pat: { grant: 'authorization_code', redirectUri },
  })
  panel = host.panel({
    owner: byCookie,
    mayShare: (owner, path) => path.startsWith(`/${owner}/`),
    frameAncestors: [album.origin],
  })
  const context = await browser.newContext()
  context.setDefaultTimeout(90_000)
  const said: string[] = []
  context.on('console', (message) => said.push(message.text()))
  onTestFinished(async () => {
    await context.close()
    await Promise.all([as, photos, album].map(({ close }) => close()))
  })
  const page = await context.newPage()
  await page.goto(`${photos.origin}/sign-in`)
  await page.goto(album.origin)
  return { as, photos: photos.origin, album: `${album.origin}/`, page, said }
}

async function frameOf(page: Page): Promise<Frame> {
  const frame = await (await page.waitForSelector('iframe')).contentFrame()
  if (!frame) throw new Error('no frame')
  await frame.waitForSelector('.actions')
  return frame
}

test('share!, agree at the authorization server, come back, share!, and the photo is protected until it is not', async () => {
  const { as, photos, album, page, said } = await start()
  await (await frameOf(page)).click('text=share!')
  await page.waitForURL(`${as.origin}/interaction/*`)
  await page.selectOption('select[name=login]', 'alice')
  await page.fill('input[name=password]', 'secret of the person')
  await page.click('button[value=continue]')
  await page.click('button[value=continue]')
  await page.waitForURL(album)

  const panel = await frameOf(page)
  await panel.click('text=share!')
  await panel.waitForSelector('text=stop sharing')
  const [resource] = [...as.resources.values()]
  expect(resource).toMatchObject({ name: 'Still water', resourceServer: 'photos' })
  expect(await panel.getAttribute('text=settings', 'href')).toBe(`${as.issuer}/policy/${resource?._id}`)
  const photo = await fetch(`${photos}/alice/lake.jpg`)
  expect([photo.status, photo.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^UMA .*ticket="/)])

  await panel.click('text=stop sharing')
  await panel.waitForSelector('text=share!')
  expect(as.resources.size).toBe(0)
  const gone = await fetch(`${photos}/alice/lake.jpg`)
  expect([gone.status, gone.headers.get('www-authenticate')]).toEqual([403, null])
  expect(said.filter((line) => /Content Security|Refused|blocked/i.test(line))).toEqual([])
})

test('declined at the authorization server: nothing is shared, and the panel asks again', async () => {
  const { as, page, album } = await start()
  await (await frameOf(page)).click('text=share!')
  await page.waitForURL(`${as.origin}/interaction/*`)
  await page.click('button[value=abort]')
  await page.waitForURL(/\/callback\?error=/)
  await page.goto(album)
  expect(await (await frameOf(page)).getAttribute('text=share!', 'target')).toBe('_top')
  expect(as.resources.size).toBe(0)
})
