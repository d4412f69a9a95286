/** A recorder that tells each message as it happens, and gives the authorization server's pages a better look. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { HOST_AGENT } from '../../test/helpers/host.ts'
import { WireRecorder } from '../../test/helpers/recorder.ts'
import { answer, arrow, type Draft } from './messages.ts'

export class Tap extends WireRecorder {
  readonly #tell: (draft: Draft) => void
  readonly #style: string

  constructor(tell: (draft: Draft) => void, style: string) {
    super()
    this.#tell = tell
    this.#style = style
  }

  override wrap(listener: RequestListener, server: string, origin: string | (() => string)): RequestListener {
    return super.wrap((req, res) => this.#watch(listener, req, res), server, origin)
  }

  #watch(listener: RequestListener, req: IncomingMessage, res: ServerResponse): void {
    const request = this.requests.at(-1)
    const hostsOwn = req.headers['user-agent'] === HOST_AGENT
    let arrived = false
    // Its body is there when the request has ended, or at the latest when it is answered.
    const tellArrow = (): void => {
      const draft = arrived ? undefined : request && arrow(request, hostsOwn)
      arrived = true
      if (draft) this.#tell(draft)
    }
    req.once('end', tellArrow)
    if (req.method === 'GET') tellArrow()
    const chunks: Buffer[] = []
    const end = res.end.bind(res) as (chunk?: unknown, ...rest: unknown[]) => ServerResponse
    res.end = ((chunk?: unknown, ...rest: unknown[]) => {
      let text = typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : ''
      const page = String(res.getHeader('content-type') ?? '').startsWith('text/html')
      if (page) {
        text = text.replace(/<body( style="[^"]*")?/, `<style>${this.#style}</style><body`)
        if (res.hasHeader('content-length')) res.setHeader('content-length', Buffer.byteLength(text))
      }
      chunks.push(Buffer.from(text))
      const result = page ? end(text) : end(chunk, ...rest)
      tellArrow()
      const draft = request && answer(request, Buffer.concat(chunks).toString(), hostsOwn)
      if (draft) this.#tell(draft)
      return result
    }) as typeof res.end
    listener(req, res)
  }
}
