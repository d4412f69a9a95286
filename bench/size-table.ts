/** The combinations whose sizes are measured: each row is what an application imports. */
export interface SizeRow {
  name: string
  /** The lines of the application. Every name is exported, so that the bundler keeps all of its code. */
  lines: string[]
}

const take = (names: string, path = ''): string => `export { ${names} } from 'uma-requester${path}'`

const main = take('createRequester, none')
const lazy = take('createRequester', '/lazy')
const axios = take('attachRequester', '/axios')
const ky = take('extendKy', '/ky')
const popup = take('popupRedirect, completePopup', '/redirect/popup')
const page = take('pageRedirect', '/redirect/page')
const handleCallback = take('handleCallback', '/callback')
const indexedDB = take('indexedDBStorage', '/storage/indexed-db')
const webStorage = take('webStorage', '/storage/web-storage')
const codeFlow = take('codeFlow', '/sign-in')
const host = take('createHost', '/host')

export const sizeTable: SizeRow[] = [
  { name: 'main entry, UMA 2.0, in memory', lines: [main] },
  { name: 'main + axios', lines: [main, axios] },
  { name: 'main + ky', lines: [main, ky] },
  { name: 'main + popup + IndexedDB', lines: [main, popup, indexedDB] },
  { name: 'main + axios + popup + IndexedDB', lines: [main, axios, popup, indexedDB] },
  { name: 'main + codeFlow', lines: [main, codeFlow] },
  { name: 'main + pageRedirect + web storage + handleCallback', lines: [main, page, webStorage, handleCallback] },
  { name: 'main + serverRedirect', lines: [main, take('serverRedirect, redirectOf', '/redirect/server')] },
  { name: 'main + loopbackRedirect', lines: [main, take('loopbackRedirect', '/redirect/loopback')] },
  { name: 'main + dynamicClient', lines: [main, take('dynamicClient', '/client/dynamic')] },
  { name: 'main + IndexedDB', lines: [main, indexedDB] },
  { name: 'main + web storage', lines: [main, webStorage] },
  { name: 'main + keyValueStorage', lines: [main, take('keyValueStorage', '/storage/key-value')] },
  { name: 'main + Redis', lines: [main, take('redisStorage', '/storage/redis')] },
  { name: 'main + SQLite', lines: [main, take('sqliteStorage', '/storage/sqlite')] },
  { name: 'main + Puma', lines: [main, take('puma', '/schemes/puma')] },
  { name: 'main + UMA 1.0', lines: [main, take('uma1', '/schemes/uma1')] },
  { name: 'main + inspect', lines: [main, take('inspect, parties', '/inspect')] },
  { name: 'main + console', lines: [main, take('consoleReporter', '/console')] },
  { name: 'defineScheme, alone', lines: [take('defineScheme, readObject, uma2', '/scheme')] },
  { name: 'lazy entry, UMA 2.0, in memory', lines: [lazy] },
  { name: 'lazy + axios', lines: [lazy, axios] },
  { name: 'lazy + axios + popup + IndexedDB', lines: [lazy, axios, popup, indexedDB] },
  { name: 'host', lines: [host] },
  { name: 'host + node', lines: [host, take('guardNode', '/host/node')] },
  { name: 'host + hono', lines: [host, take('honoGuard', '/host/hono')] },
  { name: 'host + jwt', lines: [host, take('jwtValidation', '/host/jwt')] },
]
