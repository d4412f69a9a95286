// Alice's photos with a ky instance.
import ky from 'ky'
import { createRequester, none } from 'uma-requester'
import { extendKy } from 'uma-requester/ky'
import { expect, ISSUER, onEvent, PHOTOS, step } from './program.mjs'

const requester = createRequester({
  authorizationServers: [{ issuer: ISSUER, hosts: [PHOTOS], client: { id: 'spa', auth: none() } }],
  onEvent,
})

const api = extendKy(ky.create({ prefix: PHOTOS }), requester)

await step('read a photo', () => api.get('alice/1.jpg').json())

await step('read a second photo', () => api.get('alice/2.jpg').json())

const photo = crypto.getRandomValues(new Uint8Array(2048))

await step('write a new photo', () =>
  api.put('alice/ky.jpg', { body: photo, headers: { 'content-type': 'image/jpeg' } }).json(),
)

await step('read it back', async () => {
  const bytes = Buffer.from(await api.get('alice/ky.jpg').arrayBuffer())
  expect(bytes.equals(photo), 'the bytes that were written')
  return `${bytes.length} bytes, the same that were written`
})

await step('read the first photo again', () => api.get('alice/1.jpg').json())
