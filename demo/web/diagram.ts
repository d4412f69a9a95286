/** The sequence diagram: three lanes, and an arrow for each message. */
import type { Lane, Message } from './messages.ts'

/** Something that the requester told (`onEvent`), written on the app's lane. */
export interface Note {
  at: number
  note: string
}

type Row = (Message & { count: number }) | Note

const at: Record<Lane, number> = { app: 0.14, host: 0.5, as: 0.86 }

export interface Diagram {
  add(message: Message): void
  note(note: Note): void
  clear(): void
  /** Whether the photo server's own calls are drawn. */
  showBehind(shown: boolean): void
}

export function createDiagram(root: HTMLElement, scroll: HTMLElement, told: (messages: number) => void): Diagram {
  let messages: Message[] = []
  let notes: Note[] = []
  let behind = true
  let drawn = new Set<string>()
  let _frame = 0

  function rows(): Row[] {
    const all = [...messages.filter(({ kind }) => behind || kind !== 'behind'), ...notes].sort((a, b) => a.at - b.at)
    const result: Row[] = []
    for (const one of all) {
      // Several photos at once are one arrow: the same message, with nothing but its like since.
      const since = result.slice(result.findLastIndex((row) => !('merge' in row && row.merge)) + 1)
      const same =
        'note' in one || !one.merge
          ? undefined
          : since.find((row) => 'label' in row && row.label === one.label && row.from === one.from && row.to === one.to)
      if (same && !('note' in same)) same.count++
      else result.push('note' in one ? one : { ...one, count: 1 })
    }
    return result
  }

  function draw(): void {
    _frame = 0
    told(messages.length)
    const width = root.clientWidth
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60
    const list = rows()
    const parts: string[] = []
    const now = new Set<string>()
    let y = 6
    for (const row of list) {
      const key = 'note' in row ? `note ${row.at}` : `${row.id}`
      now.add(key)
      const fresh = drawn.has(key) ? '' : ' new'
      if ('note' in row) {
        const x = at.app * width - 10
        const wide = Math.min(row.note.length * 6.1 + 22, width - x)
        parts.push(
          `<g class="row note${fresh}"><rect x="${x}" y="${y + 3}" width="${wide}" height="23" rx="7"/><text x="${x + wide / 2}" y="${y + 19}">${escaped(row.note)}</text></g>`,
        )
        y += 33
        continue
      }
      const from = at[row.from] * width
      const to = at[row.to] * width
      const way = Math.sign(to - from)
      const line = y + 21
      const end = to - way * 2
      const middle = (from + to) / 2
      const label = row.count > 1 ? `${row.label}  ×${row.count}` : row.label
      const tip = `M${end} ${line}l${-way * 8} -4.5v9z`
      parts.push(
        `<g class="row ${row.kind}${row.back ? ' back' : ''}${fresh}" data-from="${row.from}" data-to="${row.to}">` +
          `<path d="M${from + way * 2} ${line}H${end - way * 6}"/><path class="tip" d="${tip}"/>` +
          `<text class="label" x="${middle}" y="${line - 7}">${escaped(label)}</text>` +
          `${row.meaning ? `<text class="meaning" x="${middle}" y="${line + 15}">${escaped(row.meaning)}</text>` : ''}</g>`,
      )
      y += row.meaning ? 43 : 29
    }
    const height = Math.max(y + 12, 250)
    const lives = Object.values(at).map((x) => `<path class="life" d="M${x * width} 0V${height}"/>`)
    if (list.length === 0)
      parts.push(
        `<text class="nothing" text-anchor="middle" x="${width / 2}" y="120">The messages appear here as they are sent.</text>`,
      )
    root.innerHTML = `<svg viewBox="0 0 ${width} ${height}" height="${height}" role="img" aria-label="${list.length} messages">${lives.join('')}${parts.join('')}</svg>`
    drawn = now
    if (atEnd) scroll.scrollTop = scroll.scrollHeight
  }

  const later = (): void => {
    _frame ||= requestAnimationFrame(draw)
  }
  new ResizeObserver(later).observe(root)
  return {
    add(message) {
      messages.push(message)
      later()
    },
    note(note) {
      notes.push(note)
      later()
    },
    clear() {
      messages = []
      notes = []
      later()
    },
    showBehind(shown) {
      behind = shown
      later()
    },
  }
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
