/** What the tests of the built package share. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../house/sources.ts'

export { root }

/** The Node that tests run on, and the lowest one that is supported. */
export const nodes = {
  'Node 24': join(root, 'node_modules/node/bin/node'),
  'Node 22.13': join(root, 'node_modules/node-22/bin/node'),
}

/** Runs a program and returns what it wrote. A failure's message is what it wrote to both ends. */
export async function run(command: string, args: string[], cwd: string): Promise<string> {
  // What npm tells its scripts about this package is not true of another directory.
  const told = ([name]: [string, unknown]) =>
    !/^(npm_(package|lifecycle|config_local_prefix|command)|INIT_CWD|NODE_OPTIONS|VITEST)/.test(name)
  const env = Object.fromEntries(Object.entries(process.env).filter(told))
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, env, maxBuffer: 1 << 26 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args[0]} failed\n${stdout}${stderr}`.slice(0, 8000), { cause: error })
  }
}
