/**
 * `node --expose-gc bench/parties-program.mjs <folder of the built package> <kept|dropped>`: the bytes of the heap that
 * `as(user)` takes for each of 100,000 people who send no request, with the handles kept by the application or dropped.
 */
import { pathToFileURL } from 'node:url'

const [, , folder = 'dist', handles = 'kept'] = process.argv
const { createRequester, none } = await import(pathToFileURL(`${folder}/index.js`).href)

const people = 100_000
const requester = createRequester({
  authorizationServers: [
    { issuer: 'https://as.example', hosts: ['https://photos.example'], client: { id: 'album', auth: none() } },
  ],
  requestingParty: 'the server',
  maxParties: 200_000,
})
const names = Array.from({ length: people }, (_, i) => `user-${i}`)
const kept = Array.from({ length: people })

function used() {
  for (let i = 0; i < 4; i++) globalThis.gc()
  return process.memoryUsage().heapUsed
}

const before = used()
for (const [i, name] of names.entries()) {
  const handle = requester.as(name)
  if (handles === 'kept') kept[i] = handle
}
const bytes = Math.round((used() - before) / people)
console.log(
  JSON.stringify({ bytes, kept: kept.filter(Boolean).length, last: requester.as(names.at(-1)).requestingParty }),
)
