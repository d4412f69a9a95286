/** The demo, as `npm run demo` starts it. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

function demo(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['demo/run.ts', ...args], { cwd: root })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

test('three programs read and write; tickets and tokens are not shown', async () => {
  const { code, out, err } = await demo('--port', '0')
  expect(err).toBe('')
  expect(code).toBe(0)
  expect(out).toMatch(/read a photo +4 +4 +4/)
  expect(out).toMatch(/read the first photo again +1 +1 +1/)
  for (const [, ticket] of out.matchAll(/ticket="([^"]*)"/g)) expect(ticket).toMatch(/^.{4}…$/)
  for (const [, secret] of out.matchAll(/(?:Bearer (?!error=)|ticket=|rpt=)([^\s"]+)/g))
    expect(secret).toMatch(/^.{4}…$/)
})

test('a port that is taken is named, and the exit code is 1', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const { code, err } = await demo('--port', String(port))
  server.close()
  expect(code).toBe(1)
  expect(err).toContain(`port ${port} on 127.0.0.1 is taken`)
})
