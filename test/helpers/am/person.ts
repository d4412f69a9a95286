/** A person at an authorization manager: opens what they are sent to, says who they are, and ends on a URL of the client's. */
import type { RedirectHandler, RedirectRequest } from '../../../src/index.ts'

/** Fills in the page at `url`; gives the URL that it leads to. */
export async function visitManager(url: string, login: string, action = 'allow'): Promise<string> {
  const shown = await fetch(url, { redirect: 'manual' })
  const text = await shown.text()
  const already = shown.headers.get('location')
  if (already) return already
  if (shown.status !== 200) throw new Error(`the person sees ${shown.status}: ${text}`)
  const sent = await fetch(url, { method: 'POST', body: new URLSearchParams({ login, action }), redirect: 'manual' })
  const left = sent.headers.get('location')
  if (!left) throw new Error(`the person is stuck: ${sent.status} ${await sent.text()}`)
  return left
}

/** The same as a redirect handler; the person is there at once. Remembers what it was asked. */
export function managersPerson(login = 'alice', action = 'allow'): RedirectHandler & { asked: RedirectRequest[] } {
  const asked: RedirectRequest[] = []
  return Object.assign(
    (request: RedirectRequest) => {
      asked.push(request)
      return visitManager(request.url, login, action)
    },
    { asked },
  )
}
