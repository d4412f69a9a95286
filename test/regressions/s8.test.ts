/** S8: printing an axios response or error shows no `Authorization` header, also if the response is a stream. */
import { inspect } from 'node:util'
import axios from 'axios'
import { expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { rptAt } from '../requester/kit.ts'
import { rejection } from '../ways-in/kit.ts'

const path = '/alice/1.jpg'

/** Everything that a logger could print, however deep, and also the parts that `console.log` shows. */
const printed = (value: unknown): string => inspect(value, { depth: 20 }) + inspect(value)

function expectNoToken(world: World, value: unknown): void {
  const rpt = rptAt(world, path)
  expect(rpt).toBeTruthy()
  const text = printed(value)
  expect(text).not.toContain(rpt)
  expect(text).not.toMatch(/authorization: bearer/i)
}

const api = (world: World) => {
  const instance = axios.create({ responseType: 'stream', adapter: 'http' })
  attachRequester(instance, world.requester())
  return instance
}

test('S8: a response that is a stream', async () => {
  const world = await startWorld()
  const response = await api(world).get(world.host.origin + path)
  expect(response.status).toBe(200)
  expectNoToken(world, response)
  expectNoToken(world, response.data)
  response.data.resume()
})

test('S8: an error whose response is a stream', async () => {
  const world = await startWorld()
  const instance = api(world)
  const open = await instance.get(world.host.origin + path)
  open.data.resume()
  world.host.quirks.answer = () => ({ status: 404 })
  const error = await rejection(instance.get(world.host.origin + path))
  expect(error).toMatchObject({ response: { status: 404 } })
  expectNoToken(world, error)
  const { data } = (error as { response: typeof open }).response
  data.resume()
})

test('S8: a stream that is read works as before', async () => {
  const world = await startWorld()
  const { data } = await api(world).get(world.host.origin + path)
  const chunks: Buffer[] = []
  for await (const chunk of data) chunks.push(chunk)
  expect(Buffer.concat(chunks).length).toBeGreaterThan(0)
})
