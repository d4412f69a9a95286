// Alice's photos with fetch.
import { createRequester, none } from 'uma-requester'
import { expect, ISSUER, onEvent, PHOTOS, step } from './program.mjs'

const requester = createRequester({
  authorizationServers: [{ issuer: ISSUER, hosts: [PHOTOS], client: { id: 'spa', auth: none() } }],
  onEvent,
})

await step('read a photo', async () => {
  const response = await requester.fetch(`${PHOTOS}/alice/1.jpg`)
  expect(response.ok, '200')
  return response.json()
})

await step('read a second photo', async () => {
  const response = await requester.fetch(`${PHOTOS}/alice/2.jpg`)
  expect(response.ok, '200')
  return response.json()
})

const photo = crypto.getRandomValues(new Uint8Array(2048))

await step('write a new photo', async () => {
  const response = await requester.fetch(`${PHOTOS}/alice/fetch.jpg`, {
    method: 'PUT',
    headers: { 'content-type': 'image/jpeg' },
    body: photo,
  })
  expect(response.ok, '200')
  return response.json()
})

await step('read it back', async () => {
  const response = await requester.fetch(`${PHOTOS}/alice/fetch.jpg`)
  const bytes = Buffer.from(await response.arrayBuffer())
  expect(bytes.equals(photo), 'the bytes that were written')
  return `${bytes.length} bytes, the same that were written`
})

await step('read the first photo again', async () => {
  const response = await requester.fetch(`${PHOTOS}/alice/1.jpg`)
  expect(response.ok, '200')
  return response.json()
})
