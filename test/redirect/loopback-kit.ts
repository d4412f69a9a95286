/** Ports of this machine, and requests as an attacker would word them. */

import { request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import axios from 'axios'
import { byAxiosHttp, byFetch, byKy, type WayIn } from '../ways-in/kit.ts'

/** The ways in that a program in Node has, and how each words an abort. */
export const waysInto: (WayIn & { aborted: (error: unknown) => boolean })[] = [
  { ...byFetch, aborted: (error) => (error as Error).name === 'AbortError' },
  { ...byAxiosHttp, aborted: (error) => axios.isCancel(error) },
  { ...byKy, aborted: (error) => (error as Error).name === 'AbortError' },
]

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Whether anybody answers there. */
export function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export interface Raw {
  method?: string
  path: string
  host?: string
}

/** A request with any target and any Host. */
export function raw(
  port: number,
  { method = 'GET', path, host = `127.0.0.1:${port}` }: Raw,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers: { host }, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', reject)
    sent.end()
  })
}
