/** Hears the keys of records that changed in another tab, or through another requester of this page. */
export interface RecordListener {
  /** The record of this key has changed. */
  hear(key: string): void
}

/** The end of the channel that one requester has. */
export interface RecordChannel {
  /** Tells everybody else that the record of this key has changed. */
  post(key: string): void
  /**
   * Tells the listener about each change. The channel does not keep the listener alive: somebody else has to hold this
   * very object.
   */
  listen(listener: RecordListener): void
  /** Hears nothing from now on. The last requester of the page that leaves closes the channel. */
  close(): void
}

/** The listeners of one requester. They are not kept alive. */
type Listeners = Set<WeakRef<RecordListener>>

/** The one channel of this page. It is open as long as anybody listens. */
let open: BroadcastChannel | undefined
const everybody: Set<Listeners> = /* @__PURE__ */ new Set()

/** Notices that a requester is gone without a word: then the channel may have no listener any more. */
const collected = /* @__PURE__ */ new FinalizationRegistry<Listeners>((listeners) => {
  removeDead(listeners)
  closeIfUnused()
})

function removeDead(listeners: Listeners): void {
  for (const reference of listeners) if (!reference.deref()) listeners.delete(reference)
  if (listeners.size === 0) everybody.delete(listeners)
}

function closeIfUnused(): void {
  if (everybody.size > 0) return
  open?.close()
  open = undefined
}

function openOnce(): void {
  if (open) return
  const channel: BroadcastChannel & { unref?(): void } = new BroadcastChannel('uma-requester')
  // A simulated page in Node must not keep the process alive.
  channel.unref?.()
  channel.onmessage = ({ data }) => {
    if (typeof data === 'string') tell(data)
  }
  open = channel
}

/** Calls all listeners of this page, except those of the requester that made the change. */
function tell(key: string, except?: Listeners): void {
  for (const listeners of everybody) {
    if (listeners === except) continue
    for (const reference of listeners) reference.deref()?.hear(key)
  }
}

/**
 * Joins the channel of this page, which all its requesters share. The channel is opened for the first listener. It is
 * closed when every requester has left it or was garbage-collected. There is none outside pages: processes look at the
 * storage before each flow.
 */
export function joinRecordChannel(): RecordChannel | undefined {
  if (!globalThis.document || !globalThis.BroadcastChannel) return undefined
  const listeners: Listeners = new Set()
  return {
    post(key) {
      open?.postMessage(key)
      tell(key, listeners)
    },
    listen(listener) {
      listeners.add(new WeakRef(listener))
      everybody.add(listeners)
      collected.register(listener, listeners)
      openOnce()
    },
    close() {
      listeners.clear()
      everybody.delete(listeners)
      closeIfUnused()
    },
  }
}
