/** The pages of an authorization manager, and the way back from them. */
import type { Answer } from '../wire/answer.ts'
import { html, options, pageAnswer } from '../wire/html.ts'
import type { ManagerClient } from './types.ts'

export const form = (title: string, text: string, people: string[]): Answer =>
  pageAnswer(
    200,
    title,
    `<form method="post" action=""><p>${html(text)}</p>` +
      `<p><label>Account <select name="login">${options(people)}</select></label></p>` +
      '<p><button name="action" value="allow">Allow</button> ' +
      '<button name="action" value="deny">Deny</button></p></form>',
  )

/** Redirects. The parameters are added to those that the URI already has. */
export function redirectTo(uri: string, parameters: Record<string, string>): Answer {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  return { status: 302, headers: { location: url.href, 'cache-control': 'no-store' } }
}

/** A registered URI, to which the client may add a query of its own. */
export const isRegistered = ({ redirectUris }: ManagerClient, uri: string): boolean =>
  redirectUris.some((known) => uri === known || uri.startsWith(`${known}${known.includes('?') ? '&' : '?'}`))
