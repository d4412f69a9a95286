/** R15: a requester for each request over a shared storage, as the recipe for Cloudflare Workers shows it. */
import { expect, test, vi } from 'vitest'
import { path } from '../flows/kit.ts'
import { startWorld } from '../helpers/world.ts'

vi.mock('uma-requester', () => import('../../src/index.ts'))
vi.mock('uma-requester/storage/key-value', () => import('../../src/storage/key-value.ts'))

interface Worker {
  fetch(request: Request, env: object, context: object): Promise<Response>
}
const { default: worker }: { default: Worker } = await import(
  new URL('../../examples/recipes/cloudflare-worker.mjs', import.meta.url).href
)

/** A KV namespace: values are strings, and an absent value is `null`. */
function namespace() {
  const values = new Map<string, string>()
  return {
    values,
    get: async (key: string) => values.get(key) ?? null,
    put: async (key: string, value: string) => void values.set(key, value),
    delete: async (key: string) => void values.delete(key),
  }
}

/** Runs one request of the Worker, and waits for the writes that may end after the answer. */
async function serve(env: object, user: string): Promise<number> {
  const writes: Promise<unknown>[] = []
  const request = new Request(`https://worker.example${path}`, { headers: { 'x-demo-user': user } })
  const response = await worker.fetch(request, env, { waitUntil: (write: Promise<unknown>) => writes.push(write) })
  await response.text()
  await Promise.all(writes)
  return response.status
}

test('R15: the token of one request serves the next one', async () => {
  const world = await startWorld()
  const tokens = namespace()
  const env = { ISSUER: world.as.issuer, HOST: world.host.origin, TOKENS: tokens }
  expect(await serve(env, 'alice')).toBe(200)
  await expect.poll(() => tokens.values.size).toBeGreaterThan(0)
  world.recorder.clear()
  expect(await serve(env, 'alice')).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path} 200`])
})

test('R15: concurrent requests of several users each get their answer, and no token of another', async () => {
  const world = await startWorld()
  const env = { ISSUER: world.as.issuer, HOST: world.host.origin, TOKENS: namespace() }
  const users = ['alice', 'bob', 'carol', 'alice', 'bob', 'carol']
  expect(await Promise.all(users.map((user) => serve(env, user)))).toEqual(users.map(() => 200))
  world.recorder.clear()
  expect(await serve(env, 'dave')).toBe(200)
  expect(world.lines()[0]).toBe(`GET host ${path} 401`)
})
