/** The popup of version 1: `prepare()` opened the window in the click. Today `requester.interact()` calls `early()`. */
import { popupRedirect as create, type PopupRedirectOptions } from '../../src/redirect/popup.ts'

export * from '../../src/redirect/popup.ts'

export type PopupRedirectHandler = ReturnType<typeof create> & { prepare(): () => void }

export function popupRedirect(options: PopupRedirectOptions = {}): PopupRedirectHandler {
  const handler = create({ ...options, openEarly: true })
  return Object.assign(handler, { prepare: () => handler.early?.() ?? (() => {}) })
}
