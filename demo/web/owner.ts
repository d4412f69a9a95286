/** The album as Alice sees it: beside each photo a share panel, which is a page of the photo server's in a frame. */
import type { Photo } from './photos.ts'

/** A photo, and how it stands. */
export interface OwnPhoto extends Photo {
  shared: boolean
}

export async function owner(places: { app: string; host: string }): Promise<void> {
  const status = document.getElementById('own-status') as HTMLElement
  const list = document.getElementById('own-photos') as HTMLElement

  /** Her session at the photo server opens what is hers: that is no affair of UMA's. */
  async function own(): Promise<OwnPhoto[] | undefined> {
    const answer = await fetch(`${places.host}/own/album`, { credentials: 'include' })
    return answer.ok ? answer.json() : undefined
  }

  const count = (photos: OwnPhoto[]): void => {
    const shared = photos.filter((photo) => photo.shared).length
    const said = ['None of your photos is shared.', `${shared} of ${photos.length} photos are shared.`]
    status.textContent = `${said[Math.min(shared, 1)]} Bob sees what you share with him.`
  }

  const photos = await own()
  const signIn = document.getElementById('own-sign-in') as HTMLAnchorElement
  signIn.href = `${places.host}/sign-in`
  signIn.hidden = photos !== undefined
  if (!photos) {
    status.textContent = 'The photo server does not know yet that you are Alice.'
    return
  }
  list.replaceChildren(
    ...photos.map((photo) => {
      const { path, title, place } = photo
      const item = document.createElement('li')
      const image = Object.assign(new Image(), { src: places.host + path, alt: title })
      const frame = Object.assign(document.createElement('div'), { className: 'frame' })
      frame.append(image)
      const caption = [
        Object.assign(document.createElement('b'), { textContent: title }),
        Object.assign(document.createElement('small'), { textContent: place }),
      ]
      // All that an app has to do for the panel.
      const panel = Object.assign(document.createElement('iframe'), {
        className: 'panel',
        title: `Sharing of ${title}`,
        src: `${places.host}/uma/panel?${new URLSearchParams({ uri: path, name: title })}`,
      })
      // What happens in there is not told to the page around it; that something did, is.
      panel.onload = async () => count((await own()) ?? photos)
      item.append(frame, ...caption, panel)
      return item
    }),
  )
}
