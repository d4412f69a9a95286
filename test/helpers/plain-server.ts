/** An extra origin with whatever listener a test hands in: redirect targets, strangers, proxies. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ListeningServer, type ListenOptions, listen, send } from './http.ts'
import { WireRecorder } from './recorder.ts'

export interface PlainServerOptions extends ListenOptions {
  recorder?: WireRecorder
  label?: string
}

export interface PlainServer extends ListeningServer {
  recorder: WireRecorder
  label: string
}

export async function startPlainServer(
  listener: (req: IncomingMessage, res: ServerResponse) => unknown,
  options: PlainServerOptions = {},
): Promise<PlainServer> {
  const { recorder = new WireRecorder(), label = 'plain' } = options
  let origin = ''
  const guarded = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      await listener(req, res)
    } catch (error) {
      send(res, { status: 500, body: String(error) })
    }
  }
  const server = await listen(
    recorder.wrap(guarded, label, () => origin),
    options,
  )
  origin = server.origin
  return { ...server, recorder, label }
}
