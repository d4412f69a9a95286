/**
 * A page whose one callback serves every way in which a person can come back: from signing in, and from being asked something. For your
 * bundler; the same page lies at / and at /callback. Its settings are in its `<html>`:
 *
 *   <html data-issuer="https://as.example.com" data-host="https://photos.example.com" data-client="album-page">
 */

import { bearer, createRequester, findUmaError, isUmaError } from 'uma-requester'
import { handleCallback } from 'uma-requester/callback'
import { pageRedirect } from 'uma-requester/redirect/page'
import { codeFlow } from 'uma-requester/sign-in'
import { webStorage } from 'uma-requester/storage/web-storage'

const { issuer = '', host = '', client = '' } = document.documentElement.dataset

const requester = createRequester({
  authorizationServers: [
    {
      issuer,
      hosts: [host],
      client: { id: client, auth: bearer() },
      signIn: codeFlow({ scope: 'openid' }),
    },
  ],
  // This window's person: the storage ends with the window, and so do the tokens.
  requestingParty: 'the person at this window',
  storage: webStorage(sessionStorage),
  redirectUri: `${location.origin}/callback`,
  onRedirect: pageRedirect({ storeRequest: true }),
})

/** @param {string} text */
function say(text) {
  const line = document.querySelector('#message')
  if (line) line.textContent = text
}

/** @param {Response} answer */
async function show(answer) {
  say(answer.ok ? await answer.text() : `The photo server says ${answer.status}.`)
}

/** @param {import('uma-requester').UmaError | undefined} error */
function describe(error) {
  if (!error) return 'an error of the program'
  return error.request ? `${error.code} (${error.request.method})` : error.code
}

/** @param {unknown} error */
function explain(error) {
  if (isUmaError(error, 'request_denied')) say('The owner does not want you to see this.')
  else if (isUmaError(error, 'request_submitted')) say('The owner has been asked: come back later.')
  else if (isUmaError(error, 'invalid_state')) say('Nobody waits for this. Start again.')
  else say(`That did not work: ${describe(findUmaError(error))}`)
}

/** The person is back. What was being asked for is asked for again; the flow may send them away once more. */
async function comeBack() {
  const { kind, replay } = await handleCallback(requester)
  document.documentElement.dataset.cameBackBy = kind
  if (replay) await show(await replay())
}

document.querySelector('#show')?.addEventListener('click', () => {
  requester.fetch(`${host}/alice/1.jpg`).then(show).catch(explain)
})
document.querySelector('#sign-out')?.addEventListener('click', () => {
  requester.signOut().then(() => say('Good-bye.'), explain)
})

if (location.pathname === '/callback') comeBack().catch(explain)
document.documentElement.dataset.ready = 'yes'
