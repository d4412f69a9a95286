/** The album app. Where it imports from `../../src`, an app of yours imports from `uma-requester`. */
import { handleCallback } from '../../src/callback.ts'
import { createRequester, findUmaError, type UmaEvent } from '../../src/index.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { completePopup, popupRedirect } from '../../src/redirect/popup.ts'
import { webStorage } from '../../src/storage/web-storage.ts'
import { createDiagram, type Diagram, type Note } from './diagram.ts'
import type { Told } from './messages.ts'
import { owner } from './owner.ts'
import type { Photo } from './photos.ts'

interface Places {
  app: string
  as: string
  host: string
}

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E

if (location.pathname === '/popup-callback') {
  document.body.innerHTML = '<p class="alone">Done. One moment…</p>'
  const taken = await completePopup()
  document.body.innerHTML = `<p class="alone">${taken ? 'Done. You can close this window.' : 'Nobody waits for this any more. You can close this window.'}</p>`
} else {
  const places: Places = await (await fetch('/demo/places')).json()
  const alice = location.pathname === '/alice'
  document.querySelector(`[data-person=${alice ? 'alice' : 'bob'}]`)?.setAttribute('aria-current', 'page')
  element('for-bob').hidden = alice
  element('for-alice').hidden = !alice
  if (alice) {
    follow(() => [])
    await owner(places)
  } else await album(places)
}

/** Draws the diagram as the messages come. */
function follow(notes: () => Note[]): Diagram {
  const diagram = createDiagram(element('diagram'), element('scroll'), (count) => {
    element('count').textContent = count
      ? `${count} messages between app, photo server and authorization server.`
      : 'Nothing yet.'
  })
  const behind = element<HTMLInputElement>('behind')
  behind.onchange = () => diagram.showBehind(behind.checked)
  const source = new EventSource('/demo/messages')
  source.onmessage = ({ data }) => {
    const told: Told = JSON.parse(data)
    if ('message' in told) return diagram.add(told.message)
    diagram.clear()
    for (const note of notes()) diagram.note(note)
  }
  return diagram
}

async function album(places: Places): Promise<void> {
  // ── The part that an app needs ────────────────────────────────────────────────────────────────────────────────────────────
  const byPage = pageRedirect({ redirectUri: `${places.app}/callback` })
  const byPopup = popupRedirect({ redirectUri: `${places.app}/popup-callback`, openEarly: true })
  const requester = createRequester({
    authorizationServers: [{ issuer: places.as, hosts: [places.host], client: { id: 'album-app' } }],
    requestingParty: 'bob',
    storage: webStorage(sessionStorage),
    onRedirect: {
      open: (context) => (mode() === 'page' ? byPage : byPopup).open(context),
      early: openWindowEarly,
    },
    onEvent: (event) => tell(event),
  })

  /** Opens the popup in the click, unless the photos were shown before: then nobody has to be asked. */
  function openWindowEarly(): () => void {
    const close = mode() === 'popup' && !opened ? byPopup.early?.() : undefined
    return close ?? (() => {})
  }

  async function show(): Promise<void> {
    begin()
    try {
      const answer = await requester.fetch(`${places.host}/alice/album`)
      const photos: Photo[] = await answer.json()
      frames(photos)
      const got = await Promise.all(photos.map(get))
      done(got.filter(Boolean).length, photos.length)
    } catch (error) {
      failed(error)
    }
  }

  /** @returns false: Alice has it shared, but not with Bob */
  async function get({ path }: Photo, index: number): Promise<boolean> {
    try {
      const photo = await requester.fetch(places.host + path)
      if (!photo.ok) throw new Error(`${path}: ${photo.status}`)
      put(index, await photo.blob())
      return true
    } catch (error) {
      if (findUmaError(error, 'request_denied')) return false
      throw error
    }
  }

  async function comeBack(): Promise<void> {
    begin()
    try {
      const { request } = await handleCallback(requester, location.href)
      status.textContent = `Back from the authorization server. Going on with ${request?.method} ${new URL(request?.url ?? location.href).pathname}.`
      history.replaceState(null, '', '/')
      await show()
    } catch (error) {
      history.replaceState(null, '', '/')
      failed(error)
    }
  }
  // ── The rest is what it looks like ────────────────────────────────────────────────────────────────────────────────────────

  const status = element('status')
  const problem = element('problem')
  const list = element('photos')
  const button = element<HTMLButtonElement>('show')
  const modes = [...document.querySelectorAll<HTMLInputElement>('input[name=mode]')]
  let opened = false

  function mode(): string {
    return modes.find(({ checked }) => checked)?.value ?? 'page'
  }

  const lock =
    '<svg viewBox="0 0 24 24" width="30" height="30" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" aria-hidden="true"><rect x="5" y="10.5" width="14" height="9.5" rx="2.5"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5M12 14v2.5"/></svg>'

  function frames(photos?: Photo[]): void {
    const captions =
      photos?.map(({ title, place }) => `<b>${title}</b><small>${place}</small>`) ??
      Array(6).fill('<span class="bar"></span><span class="bar"></span>')
    list.innerHTML = captions.map((caption) => `<li><div class="frame">${lock}</div>${caption}</li>`).join('')
  }

  function put(index: number, photo: Blob): void {
    const image = new Image()
    image.alt = list.children[index]?.querySelector('b')?.textContent ?? ''
    image.onload = () => URL.revokeObjectURL(image.src)
    image.src = URL.createObjectURL(photo)
    list.children[index]?.querySelector('.frame')?.append(image)
  }

  function busy(is: boolean): void {
    list.classList.toggle('loading', is)
    button.disabled = is
    for (const radio of modes) radio.disabled = is
  }

  function begin(): void {
    busy(true)
    problem.hidden = true
    frames()
    status.textContent = 'Asking for the album…'
  }

  function done(count: number, all: number): void {
    busy(false)
    opened = true
    button.textContent = 'Show them again'
    status.textContent =
      count === all
        ? `${count} photos, with one token. Nothing more to ask as long as it lasts.`
        : `${count} of ${all} photos. The rest is not for Bob, says Alice’s authorization server.`
  }

  function failed(error: unknown): void {
    busy(false)
    frames()
    const code = findUmaError(error)?.code ?? String(error)
    const said: Record<string, [string, string]> = {
      request_denied: [
        'Alice’s authorization server says no.',
        'She shares these photos with Bob only. Log in as bob.',
      ],
      redirect_failed: [
        'Bob did not come back with a yes.',
        'The page was declined or the window closed. Try again whenever you like.',
      ],
      interaction_required: ['The browser blocked the popup.', 'Allow popups for this page, or switch to Page.'],
      invalid_state: ['This way back was used already.', 'Ask for the photos again.'],
    }
    const [what, then] = said[code] ?? [
      'That did not work.',
      'Is the demo still running? Start over, or look at the diagram.',
    ]
    status.textContent = 'No photos.'
    problem.innerHTML = `<b>${what}</b>${then} <code></code>`
    const name = problem.querySelector('code')
    if (name) name.textContent = code
    problem.hidden = false
  }

  // ── The diagram: messages from the servers' side, and what the requester tells ────────────────────────────────────────────
  const kept = 'demo:notes'
  const notes = (): Note[] => JSON.parse(sessionStorage.getItem(kept) ?? '[]')

  function tell(event: UmaEvent): void {
    if (event.type === 'redirect') status.textContent = 'Bob is asked by the authorization server who he is.'
    if (event.type === 'redirect-returned') status.textContent = 'Bob is back.'
    const note = words(event)
    if (!note) return
    const one: Note = { at: performance.timeOrigin + performance.now(), note }
    // The page may be about to go away.
    sessionStorage.setItem(kept, JSON.stringify([...notes(), one]))
    diagram.note(one)
  }

  const diagram = follow(notes)

  // In the click: some browsers block windows that open later.
  button.onclick = () => requester.interact(show)
  element('reset').onclick = async () => {
    await requester.signOut()
    sessionStorage.removeItem(kept)
    await fetch('/demo/reset', { method: 'POST' })
    location.replace('/')
  }
  for (const radio of modes) {
    radio.checked = radio.value === (sessionStorage.getItem('demo:mode') ?? 'page')
    radio.onchange = () => sessionStorage.setItem('demo:mode', mode())
  }
  frames()
  if (location.pathname === '/callback') await comeBack()
}

/** What is worth a note among the requester's events. */
function words(event: UmaEvent): string | undefined {
  switch (event.type) {
    case 'flow-started':
      return location.pathname === '/callback' ? 'back again: handleCallback()' : 'a challenge to act upon'
    case 'redirect':
      return 'a person is needed: onRedirect()'
    case 'rpt-stored':
      return 'token kept in Bob’s wallet'
    case 'flow-ended':
      return event.outcome === 'failed' ? `error: ${event.code ?? 'given up'}` : undefined
    default:
      return undefined
  }
}
