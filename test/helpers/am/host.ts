/** A host of the era: reads and writes whatever is asked for, each path protected for its owner. */
import type { IncomingMessage } from 'node:http'
import { type Answer, type ListeningServer, listen, readBody, send } from '../http.ts'
import { WireRecorder } from '../recorder.ts'
import type { AuthorizationManager } from './authorization-manager.ts'
import { issueTicket, opens } from './permissions.ts'
import { type AmHostQuirks, amHostOrderly } from './quirks.ts'
import { type AmPermission, ownerOf } from './types.ts'

export interface AmHost extends ListeningServer {
  quirks: AmHostQuirks
  /** host_id: what the manager knows it by */
  id: string
  /** accepted writes */
  written: { path: string; body: string }[]
}

export interface AmHostOptions {
  manager: AuthorizationManager
  recorder?: WireRecorder
  label?: string
  realm?: string
  quirks?: Partial<AmHostQuirks>
  port?: number
}

export async function startAmHost(options: AmHostOptions): Promise<AmHost> {
  const { manager, recorder = new WireRecorder(), label = 'host', realm = 'Puma Host One' } = options
  const { state } = manager
  const quirks: AmHostQuirks = { ...amHostOrderly(state.era), ...options.quirks }
  const written: AmHost['written'] = []
  let origin = ''
  let id = ''

  function challenge(wanted: AmPermission, insufficient: boolean): Answer {
    if (quirks.unreachable) return { status: 403, headers: { warning: '199 - "UMA Authorization Server Unreachable"' } }
    const ticket = insufficient || quirks.ticketAtFirst ? issueTicket(state, wanted).id : undefined
    const puma = state.era === 'puma'
    const issuer = quirks.issuer?.(state.issuer) ?? state.issuer
    const parameters = [
      `realm="${realm}"`,
      ...(puma ? [`host_id="${quirks.hostId ?? id}"`] : []),
      `${puma ? 'am_uri' : 'as_uri'}="${issuer}"`,
      ...(insufficient && quirks.sayInsufficient ? ['error="insufficient_scope"'] : []),
      ...(ticket && quirks.ticketIn !== 'body' ? [`ticket="${ticket}"`] : []),
    ]
    const usual = `UMA ${parameters.join(quirks.missingComma ? ' ' : ', ')}`
    const header = quirks.header ? quirks.header(usual) : usual
    return {
      status: insufficient ? quirks.insufficientStatus : quirks.tokenlessStatus,
      headers: header === undefined ? {} : { 'www-authenticate': header },
      ...(ticket && quirks.ticketIn !== 'header' ? { body: { ticket } } : {}),
    }
  }

  async function answer(req: IncomingMessage): Promise<Answer> {
    const path = (req.url ?? '/').split('?')[0] ?? '/'
    const body = (await readBody(req)).toString()
    const { method = 'GET' } = req
    const reads = method === 'GET' || method === 'HEAD'
    const open = path.startsWith('/public/') || (method === 'HEAD' && quirks.openHead)
    const wanted = { host: id, path, scope: reads ? 'read' : 'write' }
    const token = /^bearer (\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
    if (!open) {
      const known = token === undefined ? undefined : opens(state, token, wanted)
      if (known === undefined && token !== undefined && quirks.unknownToken === 'plain-401') return { status: 401 }
      if (!known) return challenge(wanted, known === false)
    }
    if (!reads) written.push({ path, body })
    return { status: 200, body: reads ? { path, owner: ownerOf(path) } : { received: body } }
  }

  const server = await listen(
    recorder.wrap(
      (req, res) =>
        void answer(req).then(
          (given) => send(res, req.method === 'HEAD' ? { ...given, body: undefined } : given),
          (error: unknown) => send(res, { status: 500, body: String(error) }),
        ),
      label,
      () => origin,
    ),
    options,
  )
  origin = server.origin
  id = new URL(origin).host
  return { ...server, quirks, id, written }
}
