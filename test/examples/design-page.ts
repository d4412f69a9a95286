/** The pages of an app that uses the examples, bundled by design-pages.test.ts. */
import { comeBack } from '../../examples/design/callback-page.ts'
import { createAlbum as createInPage } from '../../examples/design/page-session-storage.ts'
import { createAlbum as createWithPopup } from '../../examples/design/popup-indexed-db.ts'

declare global {
  var issuer: string
}

const photo = 'https://photos.example.com/alice/1.jpg'
const isCallback = location.pathname.endsWith('/callback')
const way = location.pathname.startsWith('/popup') ? 'popup' : 'page'
const create = way === 'popup' ? createWithPopup : createInPage
const requester = create(issuer, `${location.origin}/${way}/callback`, { user: 'bob' })

async function show(answer: Promise<Response>): Promise<void> {
  const text = await answer.then(
    (response) => response.text(),
    (error: unknown) => String(error),
  )
  document.querySelector('output')?.append(text)
}

document.querySelector('button')?.addEventListener('click', () => void show(requester.fetch(photo)))
if (isCallback) {
  const { request, replay } = await comeBack(requester)
  document.title = `Back for ${request?.url}`
  if (replay) await show(replay())
}
document.documentElement.dataset.ready = 'yes'
