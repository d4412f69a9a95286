/** How long a popup waits for the page that opened it, in milliseconds. */
const patience = 3000

/** The channel between a popup and the page that opened it. Only pages of one origin that know the state share it. */
export const popupChannel = (state: string): BroadcastChannel => new BroadcastChannel(`uma-requester:${state}`)

/**
 * In a popup: hands the URL of the return to the page that opened the popup, and closes the window.
 *
 * @returns false if no page waits for this state; the window stays open
 */
export async function handToOpener(url: string, state: string): Promise<boolean> {
  if (state === '') return false
  const channel = popupChannel(state)
  const isTaken = await new Promise<boolean>((resolve) => {
    channel.onmessage = () => resolve(true)
    channel.postMessage(url)
    setTimeout(resolve, patience, false)
  })
  channel.close()
  if (isTaken) globalThis.close()
  return isTaken
}
