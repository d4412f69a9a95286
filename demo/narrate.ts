/** Says on the terminal what went over the wire. Tickets and tokens are shown by their first letters only. */
import { styleText } from 'node:util'
import type { RecordedRequest } from '../test/helpers/recorder.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours on a terminal only, and not where NO_COLOR asks for none. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout })

export const print = (text = ''): void => void process.stdout.write(`${text}\n`)

const dim = (text: string): string => paint('dim', text)
const redacted = (secret: string): string => `${secret.slice(0, 4)}…`

/** One request of the client: what was sent to whom, what came back, and what that means. */
export function printRequest(number: number, request: RecordedRequest): void {
  const { server, method, path, status = 0 } = request
  const to = paint(server === 'photos' ? 'blue' : 'magenta', server.padEnd(6))
  print(`   ${String(number)}  → ${to}  ${paint('bold', `${method} ${path}`)}  ${dim(sent(request))}`)
  const colour: Style = status < 300 ? 'green' : status < 500 ? 'yellow' : 'red'
  print(`      ← ${' '.repeat(8)}${paint(colour, String(status))} ${meaning(request)}`)
  const challenge = request.answerHeaders?.['www-authenticate']
  // Two challenges are two lines on the wire; the recorder has them as one.
  for (const one of challenge?.split(/(?<="),(?=\w+ \w+=)/) ?? [])
    print(`        ${' '.repeat(8)}${dim(one.replace(/ticket="([^"]*)"/, (_, t) => `ticket="${redacted(t)}"`))}`)
}

function sent({ method, headers, body }: RecordedRequest): string {
  const parts: string[] = []
  const token = /^bearer (.*)/i.exec(headers.authorization ?? '')?.[1]
  if (token) parts.push(`Authorization: Bearer ${redacted(token)}`)
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body.toString())) {
      const secret = name === 'ticket' || name === 'rpt' || name === 'pct' || name === 'claim_token'
      parts.push(`${name}=${secret ? redacted(value) : (value.split(':').pop() as string)}`)
    }
  } else if (method !== 'GET') parts.push(`${body.length} bytes`)
  return parts.join('  ')
}

function meaning({ server, path, status, body }: RecordedRequest): string {
  if (server === 'photos') {
    if (status === 401) return 'a challenge: permissions are missing, here is a ticket for them'
    return status === 200 ? 'the photo server is content' : 'the photo server refuses'
  }
  if (path.startsWith('/.well-known/')) return 'where its endpoints are'
  if (status !== 200) return 'refused'
  const upgraded = new URLSearchParams(body.toString()).has('rpt')
  return upgraded ? 'a token for what was held and the new permissions' : 'a token (RPT) with these permissions'
}

/** What the photo server itself asked of the authorization server meanwhile. */
export function printBehind(requests: RecordedRequest[]): void {
  if (requests.length === 0) return
  const names = requests.map(({ path }) => behind[path.split('/').filter(Boolean)[0] ?? ''] ?? path)
  print(dim(`      photos ↔ as: ${names.join(', ')}`))
}

const behind: Record<string, string> = {
  token: 'its own access token',
  rreg: 'registers the photo',
  perm: 'asks for a ticket',
  introspect: 'asks what the token is good for',
  '.well-known': 'metadata',
}

/** Lines up cells in columns. */
export function printTable(rows: string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  rows.forEach((row, index) => {
    const line = row
      .map((cell, column) =>
        /^\d+$/.test(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('   ')
    print(`   ${index === 0 ? paint('bold', line) : line}`)
  })
}
