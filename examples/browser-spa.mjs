/**
 * A page that shows protected photos, for your bundler. The authorization server may want to talk to the person: in a popup when
 * they clicked, and never while the page loads. https://app.example.com/callback is a page that calls `handleCallback(requester)`
 * with the same requester, or a page with one line of script:
 *
 *   import { completePopup } from 'uma-requester/redirect/popup'; completePopup()
 */
import axios from 'axios'
import { createRequester, isUmaError } from 'uma-requester'
import { attachRequester } from 'uma-requester/axios'
import { popupRedirect } from 'uma-requester/redirect/popup'

const requester = createRequester({
  authorizationServers: [
    { issuer: 'https://as.example.com', hosts: ['https://photos.example.com'], client: { id: 'album-page' } },
  ],
  redirectUri: 'https://app.example.com/callback',
  interactive: false,
  // The window opens in the click, because some browsers block windows that open later.
  onRedirect: popupRedirect({ openEarly: true }),
})

const api = axios.create({ baseURL: 'https://photos.example.com' })
attachRequester(api, requester)

/** @param {string} text */
function say(text) {
  const line = document.querySelector('#message')
  if (line) line.textContent = text
}

async function show() {
  const { data } = await api.get('/alice/1.jpg', { responseType: 'blob' })
  const image = document.querySelector('img')
  if (image) image.src = URL.createObjectURL(data)
  say('')
}

/** @param {unknown} error */
function explain(error) {
  // axios wraps what went wrong; its cause says what.
  const cause = axios.isAxiosError(error) ? error.cause : error
  if (isUmaError(cause, 'interaction_required')) say('Alice wants to know who you are: click on "Show".')
  else if (isUmaError(cause, 'request_denied')) say('Alice does not want you to see this.')
  else say('That did not work.')
}

document.querySelector('#show')?.addEventListener('click', () => {
  requester.interact(show).catch(explain)
})

document.querySelector('#sign-out')?.addEventListener('click', () => requester.signOut())

show().catch(explain)
