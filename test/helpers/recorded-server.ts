/** A server that listens before its listener is made, because the listener needs the origin. Requests are recorded. */
import type { RequestListener } from 'node:http'
import { type ListeningServer, type ListenOptions, listen } from './http.ts'
import type { WireRecorder } from './recorder.ts'

export interface RecordedServer extends ListeningServer {
  /** from now on, this listener answers */
  use(listener: RequestListener): void
}

export interface RecordedServerOptions extends ListenOptions {
  recorder: WireRecorder
  label: string
}

export async function listenRecorded({ recorder, label, ...options }: RecordedServerOptions): Promise<RecordedServer> {
  let listener: RequestListener = (_req, res) => res.destroy()
  let origin = ''
  const recorded = recorder.wrap(
    (req, res) => listener(req, res),
    label,
    () => origin,
  )
  const server = await listen(recorded, options)
  origin = server.origin
  return {
    ...server,
    use(next) {
      listener = next
    },
  }
}
