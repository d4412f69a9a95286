/** The panel as HTML: no script, everything escaped. */

/** The panel's words, for other languages. */
export interface PanelLabels {
  /** Of the page (BCP 47). Default: `en`. */
  lang?: string
  /** Direction of writing. Default: `ltr`. */
  dir?: 'ltr' | 'rtl'
  title?: string
  share?: string
  settings?: string
  /** Read out after `settings` where that opens a window. */
  newWindow?: string
  stop?: string
  shared?: string
  notShared?: string
  /** Followed by the path of what it is a part of. */
  partOf?: string
  /** The owner has not agreed yet that this host acts at the authorization server. */
  connectFirst?: string
  signedOut?: string
  signIn?: string
  notYours?: string
  nothing?: string
  tryAgain?: string
  unreachable?: string
}

export const english: Required<PanelLabels> = {
  lang: 'en',
  dir: 'ltr',
  title: 'Sharing',
  share: 'share!',
  settings: 'settings',
  newWindow: '(opens a new window)',
  stop: 'stop sharing',
  shared: 'shared',
  notShared: 'not shared',
  partOf: 'shared with all of',
  connectFirst: 'Your authorization server has to be asked first. Press the button to go there.',
  signedOut: 'Sign in to share this.',
  signIn: 'sign in',
  notYours: 'This is not yours to share.',
  nothing: 'There is nothing here that could be shared.',
  tryAgain: 'That was not done: the page was open for too long, or the click came from elsewhere. Please try again.',
  unreachable: 'The authorization server does not answer. Please try again later.',
}

/** What a person can do: by form, or by link where the top window has to go somewhere. */
export type PanelAction =
  | { kind: 'share' | 'stop'; token: string }
  | { kind: 'connect'; href: string }
  | { kind: 'settings'; href: string; target: '_blank' | '_top' }
  | { kind: 'sign-in'; href: string }

/** What is on the page. */
export interface PanelView {
  /** The resource, by name; none where there is nothing to be said of it. */
  name?: string
  path?: string
  state?: { shared: boolean; partOf?: string | undefined }
  notice?: string
  /** The notice is no alarm. */
  calm?: boolean
  actions: readonly PanelAction[]
  /** The button pressed is gone: the keyboard goes on with what came instead. */
  focus?: boolean
}

const escapeHtml = (text: string): string => text.replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`)

export function panelPage(view: PanelView, labels: Required<PanelLabels>, style: string): string {
  const { name, path, state, notice, calm, actions, focus } = view
  const text = (label: Exclude<keyof PanelLabels, 'dir'>): string => escapeHtml(labels[label])
  const described = name === undefined ? '' : ' aria-describedby="what"'
  const action = (one: PanelAction, index: number): string => {
    const first = focus && index === 0 ? ' autofocus' : ''
    switch (one.kind) {
      case 'share':
      case 'stop':
        return `<form method="post"><input type="hidden" name="token" value="${escapeHtml(one.token)}"><button class="${one.kind}" name="action" value="${one.kind}"${described}${first}>${text(one.kind)}</button></form>`
      case 'connect':
        return `<a class="button share" href="${escapeHtml(one.href)}" target="_top"${described}${first}>${text('share')}</a>`
      case 'sign-in':
        return `<a class="button share" href="${escapeHtml(one.href)}" target="_top">${text('signIn')}</a>`
      case 'settings': {
        const label = one.target === '_blank' ? ` aria-label="${text('settings')} ${text('newWindow')}"` : ''
        return `<a class="button" href="${escapeHtml(one.href)}" target="${one.target}" rel="noopener noreferrer"${label}${described}${first}>${text('settings')}</a>`
      }
    }
  }
  const parts = [
    name === undefined
      ? ''
      : `<p class="what" id="what"${path === undefined ? '' : ` title="${escapeHtml(path)}"`}><bdi>${escapeHtml(name)}</bdi></p>`,
    state && `<p class="state${state.shared ? ' on' : ''}" role="status">${stateText(state, text)}</p>`,
    notice && `<p class="notice${calm ? ' calm' : '" role="alert'}">${escapeHtml(notice)}</p>`,
    actions.length && `<div class="actions">${actions.map(action).join('')}</div>`,
  ]
  return (
    `<!doctype html><html lang="${text('lang')}" dir="${labels.dir === 'rtl' ? 'rtl' : 'ltr'}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><title>${text('title')}${name === undefined ? '' : ` · ${escapeHtml(name)}`}</title>` +
    `<style>${style}</style></head><body><main>${parts.filter(Boolean).join('')}</main></body></html>`
  )
}

function stateText(
  { shared, partOf }: NonNullable<PanelView['state']>,
  text: (label: 'shared' | 'notShared' | 'partOf') => string,
): string {
  if (partOf !== undefined) return `<span>${text('partOf')} <bdi>${escapeHtml(partOf)}</bdi></span>`
  return `<span>${text(shared ? 'shared' : 'notShared')}</span>`
}
