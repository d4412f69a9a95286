/**
 * A server-rendered app, with Express: people see and change what they keep at a photo server. One route takes everybody back from the
 * authorization server, whatever they were there for: signing in, claims, the owner's consent; UMA 2.0, UMA 1 or Puma.
 *
 *   ISSUER=https://as.example.com PHOTOS=https://photos.example.com node examples/callback-express.mjs
 */

import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { bearer, createRequester, findUmaError, isUmaError } from 'uma-requester'
import { handleCallback } from 'uma-requester/callback'
import { dynamicClient } from 'uma-requester/client/dynamic'
import { inspect } from 'uma-requester/inspect'
import { redirectOf, serverRedirect } from 'uma-requester/redirect/server'
import { codeFlow } from 'uma-requester/sign-in'
import { sqliteStorage } from 'uma-requester/storage/sqlite'

/**
 * @param {object} options
 * @param {string} options.origin where this app is reached
 * @param {string} options.photos where people keep their photos
 * @param {Pick<import('uma-requester').AuthorizationServer, 'issuer' | 'scheme' | 'signIn'>} options.server
 * @param {import('uma-requester').RequesterStorage} options.storage keeps tokens, and the flows of those who are away
 * @param {Map<string, string>} [options.sessions] your sessions, however you keep them: who they belong to
 * @param {(event: import('uma-requester').UmaEvent) => void} [options.onEvent]
 */
export function createApp({ origin, photos, server, storage, sessions = new Map(), onEvent = () => {} }) {
  const redirectUri = `${origin}/callback`
  // One for the whole app: it registers once and shares what it learns of servers. Tokens are never shared.
  const requester = createRequester({
    authorizationServers: [
      {
        ...server,
        hosts: [photos],
        client: dynamicClient(
          {
            client_name: 'Album',
            client_uri: origin,
            redirect_uris: [redirectUri],
            claims_redirect_uris: [redirectUri],
            grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
            response_types: ['code'],
          },
          { auth: bearer() },
        ),
      },
    ],
    requestingParty: 'the app itself',
    redirectUri,
    storage,
    onEvent,
    // The flow waits in the storage, and each request that waits for the flow rejects with the URL for the person.
    onRedirect: serverRedirect({ storeRequest: true }),
  })

  const sessionOf = (/** @type {express.Request} */ request) =>
    /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''

  const app = express()
  app.disable('x-powered-by')
  app.use((_request, response, next) => {
    response.set({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    next()
  })

  // Your own sign-in goes here: this one believes what it is told.
  app.post('/enter', express.urlencoded(), (request, response) => {
    const session = randomBytes(32).toString('base64url')
    sessions.set(session, String(request.body.name))
    // Lax: it comes along when people come back from the authorization server, and not with forms of other sites.
    response.cookie('session', session, { httpOnly: true, sameSite: 'lax', secure: origin.startsWith('https:') })
    response.redirect(303, '/settings')
  })

  app.use((request, response, next) => {
    const user = sessions.get(sessionOf(request))
    if (user === undefined) return void response.status(401).send('Sign in first')
    response.locals.person = requester.as(user)
    next()
  })
  const personOf = (/** @type {express.Response} */ response) =>
    /** @type {import('uma-requester').Requester} */ (response.locals.person)

  /** @type {(answer: Response, response: express.Response) => Promise<void>} */
  const show = async (answer, response) => {
    const type = answer.headers.get('content-type') ?? 'application/octet-stream'
    // It is the host's, and runs nothing here.
    response.set({ 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' })
    response
      .status(answer.status)
      .type(type)
      .send(Buffer.from(await answer.arrayBuffer()))
  }

  app.get('/photos/*path', async ({ path }, response) => {
    await show(await personOf(response).fetch(photos + path.slice('/photos'.length)), response)
  })

  app.post('/photos/*path', express.text(), async ({ path, body }, response) => {
    const init = { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: String(body ?? '') }
    await show(await personOf(response).fetch(photos + path.slice('/photos'.length), init), response)
  })

  app.get('/callback', async ({ originalUrl }, response) => {
    // Only in a session of the person who was sent away: a way back that somebody else was lured to is refused.
    const { finished, request, replay } = await handleCallback(personOf(response), origin + originalUrl)
    // The page was reloaded: everything was done the first time.
    if (finished || !request) return void response.redirect(303, '/')
    // What they were changing is changed now; what they were looking at, their browser asks for again.
    const changed = request.method === 'GET' ? undefined : await replay?.()
    if (changed && !changed.ok) return void (await show(changed, response))
    const { pathname, search } = new URL(request.url)
    response.redirect(303, `/photos${pathname}${search}`)
  })

  app.get('/settings', async (_request, response) => void response.json(await inspect(personOf(response))))

  app.post('/leave', async (request, response) => {
    await personOf(response).signOut()
    sessions.delete(sessionOf(request))
    response.clearCookie('session').send('Good-bye')
  })

  // Express knows it by its four parameters.
  app.use(
    (
      /** @type {unknown} */ error,
      /** @type {express.Request} */ _request,
      /** @type {express.Response} */ response,
      /** @type {express.NextFunction} */ _next,
    ) => {
      const redirect = redirectOf(error)
      if (redirect) response.redirect(303, redirect)
      else if (isUmaError(error, 'request_denied')) response.status(403).send('The owner says no')
      else if (isUmaError(error, 'request_submitted')) response.status(202).send('The owner has been asked')
      else if (isUmaError(error, 'invalid_state'))
        response.status(400).send('This is not your way back, or it was used')
      else if (isUmaError(error, 'redirect_failed')) response.status(403).send('You came back without an answer')
      else response.status(502).send(findUmaError(error)?.code ?? 'The photo server cannot be reached')
    },
  )
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ISSUER = 'https://as.example.com', PHOTOS = 'https://photos.example.com' } = process.env
  const origin = 'http://127.0.0.1:8080'
  createApp({
    origin,
    photos: PHOTOS,
    server: { issuer: ISSUER, signIn: codeFlow({ scope: 'openid offline_access', parameters: { prompt: 'consent' } }) },
    storage: sqliteStorage({ path: 'album.sqlite' }),
    onEvent: (event) => console.log(JSON.stringify(event)),
  }).listen(8080, '127.0.0.1', () => console.log(origin))
}
