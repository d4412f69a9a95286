/**
 * Set-up of `npm run test:unit`: no test opens a socket. A test that needs `fetch` stubs the global
 * (`vi.stubGlobal('fetch', …)`).
 */
import dgram from 'node:dgram'
import net from 'node:net'

function refuse(name: string): () => never {
  return () => {
    throw new Error(`A unit test called ${name}. Unit tests open no sockets: stub the call, or move the test.`)
  }
}

export function forbidSockets(): void {
  net.Socket.prototype.connect = refuse('connect of node:net')
  net.Server.prototype.listen = refuse('listen of node:net')
  dgram.Socket.prototype.bind = refuse('bind of node:dgram')
  dgram.Socket.prototype.send = refuse('send of node:dgram')
  globalThis.fetch = refuse('fetch')
}

forbidSockets()
