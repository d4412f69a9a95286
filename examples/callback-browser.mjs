/**
 * A page, for your bundler, that leaves for the authorization server and comes back: to sign in, to say who one is, or to ask the owner. It
 * is its own callback: https://app.example.com/ is the redirect URI, and one function takes every way back.
 */
import { bearer, createRequester, isUmaError } from 'uma-requester'
import { pageRedirect } from 'uma-requester/redirect/page'
import { codeFlow } from 'uma-requester/sign-in'
import { indexedDBStorage } from 'uma-requester/storage/indexed-db'

const home = 'https://app.example.com/'
const note = 'https://notes.example.com/alice/today'

const requester = createRequester({
  authorizationServers: [
    {
      issuer: 'https://as.example.com',
      hosts: ['https://notes.example.com'],
      client: {
        // A public client: what a page holds is no secret.
        register: {
          client_name: 'Notes',
          client_uri: home,
          redirect_uris: [home],
          claims_redirect_uris: [home],
          grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
          response_types: ['code'],
          token_endpoint_auth_method: 'none',
        },
        auth: bearer(),
      },
      signIn: codeFlow({ scope: 'openid' }),
    },
  ],
  // Whoever is signed in at your app: the next person at this browser is another, with a wallet of their own.
  requestingParty: document.documentElement.dataset.user ?? '',
  redirectUri: home,
  // What was being saved waits with the flow, and outlives the page.
  onRedirect: pageRedirect({ storeRequest: true }),
  storage: indexedDBStorage({ name: 'notes' }),
})

/** @param {string} text */
function say(text) {
  const line = document.querySelector('#message')
  if (line) line.textContent = text
}

/** @param {unknown} error */
function explain(error) {
  if (isUmaError(error, 'interaction_required')) say('Alice wants to know who you are: press "Open".')
  else if (isUmaError(error, 'request_submitted')) say('Alice has been asked. Come back later.')
  else if (isUmaError(error, 'request_denied')) say('Alice says no.')
  else if (isUmaError(error, 'redirect_failed')) say('You came back without an answer. Try again?')
  // An old link, or a page that was loaded again: nothing is under way.
  else if (isUmaError(error, 'invalid_state')) open(false).catch(explain)
  else say('That did not work.')
}

const text = /** @type {HTMLTextAreaElement} */ (document.querySelector('textarea'))

/** @param {boolean} interactive whether the page may be left for it */
async function open(interactive) {
  const answer = await requester.fetch(note, { uma: { interactive } })
  text.value = await answer.text()
  say('')
}

async function save() {
  const answer = await requester.fetch(note, { method: 'PUT', body: text.value })
  say(answer.ok ? 'Saved.' : 'Not saved.')
}

async function start() {
  const back = new URL(location.href).searchParams
  if (!back.has('state')) return open(false)
  // The address bar is cleaned; the flow goes on, and may leave the page once more.
  const { request, replay } = await requester.handleCallback(location.href)
  if (request.method === 'GET') return open(true)
  const answer = await replay?.()
  say(answer?.ok ? 'Saved.' : 'Not saved.')
}

async function settings() {
  const { authorizationServers } = await requester.inspect()
  say(
    authorizationServers.map(({ issuer, rpts }) => `${issuer}: ${rpts.length} tokens`).join('; ') || 'Nothing is kept.',
  )
}

document.querySelector('#open')?.addEventListener('click', () => open(true).catch(explain))
document.querySelector('#save')?.addEventListener('click', () => save().catch(explain))
document.querySelector('#settings')?.addEventListener('click', () => settings().catch(explain))
document.querySelector('#sign-out')?.addEventListener('click', () => requester.signOut().catch(explain))

start().catch(explain)
