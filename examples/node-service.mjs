/**
 * A web service that shows people their protected photos. Everybody is known to the authorization server (a Keycloak here) by an access
 * token of their own, and nobody ever gets to use another's.
 *
 *   ISSUER=https://keycloak.example.com/realms/photos PHOTOS=https://photos.example.com node examples/node-service.mjs
 */
import { createServer } from 'node:http'
import { bearer, createRequester, findUmaError, isUmaError } from 'uma-requester'
import { sqliteStorage } from 'uma-requester/storage/sqlite'

const { ISSUER = 'https://keycloak.example.com/realms/photos', PHOTOS = 'https://photos.example.com' } = process.env

/** @type {Map<string, { user: string, accessToken: string }>} your sessions, however you keep them */
const sessions = new Map()

/** @param {string | undefined} user */
function accessTokenOf(user) {
  for (const session of sessions.values()) if (session.user === user) return session.accessToken
  throw new Error('nobody of that name is signed in')
}

// One for the whole service: it shares what it learns of servers, and keeps a wallet for each person.
const requester = createRequester({
  authorizationServers: [
    {
      issuer: ISSUER,
      hosts: [PHOTOS],
      client: { id: 'album-service', auth: bearer(({ requestingParty }) => accessTokenOf(requestingParty)) },
      parameters: { audience: 'photo-server' },
    },
  ],
  requestingParty: 'the service itself',
  storage: sqliteStorage({ path: 'tokens.sqlite' }),
  onEvent: (event) => console.log(JSON.stringify(event)),
})

const server = createServer(async (request, response) => {
  const session = sessions.get(/session=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '')
  if (!session) return response.writeHead(401).end('Sign in first')
  const person = requester.as(session.user)
  try {
    if (request.url === '/sign-out') {
      await person.signOut()
      return response.end('Good-bye')
    }
    const album = await person.fetch(`${PHOTOS}/${encodeURIComponent(session.user)}/album`)
    response.writeHead(album.status, { 'content-type': 'application/json' }).end(await album.text())
  } catch (error) {
    if (isUmaError(error, 'request_denied')) response.writeHead(403).end('The owner says no')
    else if (isUmaError(error, 'request_submitted')) response.writeHead(202).end('The owner has been asked')
    else response.writeHead(502).end(findUmaError(error)?.code ?? 'The photo server cannot be reached')
  }
})

server.listen(8080, '127.0.0.1', () => console.log('http://127.0.0.1:8080'))
