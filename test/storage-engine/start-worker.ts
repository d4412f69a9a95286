/** Processes with `worker.ts`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { WorkerOrder } from './worker.ts'

export interface Seen {
  statuses: (number | string)[]
  events: Record<string, number>
  /** The longest that a request waited, ms of a stopwatch. */
  slowest: number
}

export interface Worker {
  child: ChildProcess
  /** When it is about to send its first request. */
  ready: Promise<void>
  /** What it saw; undefined when it was killed. */
  seen: Promise<Seen | undefined>
}

/** @param limit blocks of 512 bytes that a file may have */
export function startWorker(order: WorkerOrder, limit?: number): Worker {
  const script = fileURLToPath(new URL('worker.ts', import.meta.url))
  const args = ['--disable-warning=ExperimentalWarning', script, JSON.stringify(order)]
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
  const child = limit
    ? spawn('sh', ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, ...args], { stdio })
    : spawn(process.execPath, args, { stdio })
  const lines: string[] = []
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      lines.push(line)
      resolve()
    })
    void ended.then(resolve)
  })
  return { child, ready, seen: ended.then(() => (lines[1] ? (JSON.parse(lines[1]) as Seen) : undefined)) }
}

/** What it saw; fails when it did not come to its end. */
export async function work(order: WorkerOrder, limit?: number): Promise<Seen> {
  const seen = await startWorker(order, limit).seen
  if (!seen) throw new Error('the process did not come to its end')
  return seen
}
