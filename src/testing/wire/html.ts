/** The few pages that a person sees. */
import type { Answer } from './answer.ts'

/** Text that goes into an HTML page. */
export const html = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

export const page = (title: string, body: string): string =>
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
  `<title>${html(title)}</title><body style="font:16px system-ui;max-width:30em;margin:3em auto">` +
  `<h1>${html(title)}</h1>${body}</body></html>`

export const pageAnswer = (status: number, title: string, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  body: page(title, body),
})

export const options = (values: string[]): string => values.map((value) => `<option>${html(value)}</option>`).join('')
