// Alice's photos with an axios instance.
import axios from 'axios'
import { createRequester, none } from 'uma-requester'
import { attachRequester } from 'uma-requester/axios'
import { expect, ISSUER, onEvent, PHOTOS, step } from './program.mjs'

const requester = createRequester({
  authorizationServers: [{ issuer: ISSUER, hosts: [PHOTOS], client: { id: 'spa', auth: none() } }],
  onEvent,
})

const api = axios.create({ baseURL: PHOTOS })
attachRequester(api, requester)

await step('read a photo', async () => {
  const { data } = await api.get('/alice/1.jpg')
  return data
})

await step('read a second photo', async () => {
  const { data } = await api.get('/alice/2.jpg')
  return data
})

const photo = Buffer.from(crypto.getRandomValues(new Uint8Array(2048)))

await step('write a new photo', async () => {
  const { data } = await api.put('/alice/axios.jpg', photo, { headers: { 'content-type': 'image/jpeg' } })
  return data
})

await step('read it back', async () => {
  const { data } = await api.get('/alice/axios.jpg', { responseType: 'arraybuffer' })
  expect(photo.equals(data), 'the bytes that were written')
  return `${data.length} bytes, the same that were written`
})

await step('read the first photo again', async () => {
  const { data } = await api.get('/alice/1.jpg')
  return data
})
