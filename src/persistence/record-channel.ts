/** Tells the other tabs of this origin which records have changed. */
export interface RecordChannel {
  /** Tells the other tabs that the record of this key has changed. */
  post(key: string): void
  /** Calls the listener with the key of each record that another tab has changed. */
  listen(listener: (key: string) => void): void
}

/**
 * Opens the channel of one requester. There is none outside pages: processes look at the storage before each flow.
 */
export function openRecordChannel(): RecordChannel | undefined {
  if (!globalThis.document || !globalThis.BroadcastChannel) return undefined
  const channel: BroadcastChannel & { unref?(): void } = new BroadcastChannel('uma-requester')
  // A simulated page in Node must not keep the process alive.
  channel.unref?.()
  const listeners: ((key: string) => void)[] = []
  channel.onmessage = ({ data }) => {
    if (typeof data !== 'string') return
    for (const listener of listeners) listener(data)
  }
  return {
    post: (key) => channel.postMessage(key),
    listen: (listener) => void listeners.push(listener),
  }
}
