/** What runs in the pages of these tests: the library, the clients it attaches to, and where its events and results go. */
import axios from 'axios'
import ky from 'ky'
import { attachRequester } from '../../src/axios.ts'
import { handleCallback } from '../../src/callback.ts'
import * as uma from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { completePopup, popupRedirect } from '../../src/redirect/popup.ts'
import { webStorage } from '../../src/storage/web-storage.ts'

/** Where everything is, as a page needs to know it. */
export interface Places {
  app: string
  as: string
  host: string
}

/** A requester as the page of an app would make it. */
function make(places: Places, more: Partial<uma.RequesterOptions> = {}, server: object = {}): uma.Requester {
  return uma.createRequester({
    authorizationServers: [{ issuer: places.as, hosts: [places.host], client: { id: 'app' }, ...server }],
    onEvent: (event) => lib.events.push(event),
    ...more,
  })
}

/** Anything that was thrown, as a test can look at it. */
function thrown(error: unknown): Record<string, unknown> {
  const { name, message, code, isAxiosError, cause } = Object(error)
  const causes = cause ? { causeName: cause.name, causeCode: cause.code } : {}
  const text = [String(error), JSON.stringify(error), JSON.stringify(cause), cause && String(cause)].join(' ')
  return { name, message, code, isAxiosError, ...causes, uma: uma.isUmaError(error), text }
}

const requestersByName: Record<string, uma.Requester> = {}

export const lib = {
  uma,
  handleCallback,
  axios,
  ky,
  attachRequester,
  extendKy,
  pageRedirect,
  popupRedirect,
  completePopup,
  webStorage,
  make,
  thrown,
  events: [] as uma.UmaEvent[],
  requesters: requestersByName,
  /** What a page wants to tell. */
  results: [] as unknown[],
}

declare global {
  interface Window {
    lib: typeof lib
  }
}
window.lib = lib
if (location.pathname === '/popup-callback') {
  const received = await completePopup()
  document.body.textContent = received ? 'You can close this window.' : 'Nobody waits for this.'
}
document.documentElement.dataset.ready = 'yes'
