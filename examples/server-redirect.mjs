/**
 * A server, with Express, that reads photos for the people who are signed in to it. If the authorization server needs the
 * person, the person is redirected there, and continues on the route `/callback`.
 *
 *   ISSUER=https://as.example.com PHOTOS=https://photos.example.com node examples/server-redirect.mjs
 */

import { fileURLToPath } from 'node:url'
import express from 'express'
import { bearer, createRequester, findUmaError } from 'uma-requester'
import { handleCallback } from 'uma-requester/callback'
import { redirectOf, serverRedirect } from 'uma-requester/redirect/server'
import { codeFlow } from 'uma-requester/sign-in'
import { sqliteStorage } from 'uma-requester/storage/sqlite'

/**
 * @param {object} options
 * @param {string} options.origin where this app is reached
 * @param {string} options.issuer the authorization server
 * @param {string} options.photos where people keep their photos
 * @param {import('uma-requester').RequesterStorage} options.storage keeps tokens, and the flows of people who are away
 * @param {(request: express.Request) => string | undefined} options.userOf who is signed in to this app
 */
export function createApp({ origin, issuer, photos, storage, userOf }) {
  const requester = createRequester({
    authorizationServers: [
      {
        issuer,
        hosts: [photos],
        client: { id: 'album', auth: bearer() },
        signIn: codeFlow({ scope: 'openid' }),
      },
    ],
    requestingParty: 'app',
    storage,
    redirectUri: `${origin}/callback`,
    onRedirect: serverRedirect(),
  })

  const app = express()

  app.use((request, response, next) => {
    const user = userOf(request)
    if (user === undefined) return void response.status(401).send('Sign in first')
    response.locals.requester = requester.as(user)
    next()
  })

  app.get('/photos/*path', async ({ path }, response) => {
    const photo = await response.locals.requester.fetch(photos + path.slice('/photos'.length))
    response
      .status(photo.status)
      .type('text')
      .send(await photo.text())
  })

  app.get('/callback', async ({ originalUrl }, response) => {
    // A return that belongs to another person is refused here.
    const { request } = await handleCallback(response.locals.requester, originalUrl)
    // Without a request, the return was finished before: the page was reloaded.
    response.redirect(303, request ? `/photos${new URL(request.url).pathname}` : '/')
  })

  // Express knows a handler of errors by its four parameters.
  app.use(
    (
      /** @type {unknown} */ error,
      /** @type {express.Request} */ _request,
      /** @type {express.Response} */ response,
      /** @type {express.NextFunction} */ next,
    ) => {
      const redirect = redirectOf(error)
      if (redirect) return void response.redirect(303, redirect)
      const { code } = findUmaError(error) ?? {}
      if (code === undefined) return next(error)
      response.status(code === 'invalid_state' ? 400 : 403).send(code)
    },
  )
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ISSUER = 'https://as.example.com', PHOTOS = 'https://photos.example.com' } = process.env
  const origin = 'http://127.0.0.1:8080'
  const storage = sqliteStorage({ path: 'album.sqlite' })
  // Your own sign-in goes here: this app believes a header.
  const userOf = (/** @type {express.Request} */ request) => request.header('x-user')
  createApp({ origin, issuer: ISSUER, photos: PHOTOS, storage, userOf }).listen(8080, '127.0.0.1', () => {
    console.log(origin)
  })
}
