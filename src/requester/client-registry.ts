import type { DynamicClient } from '../authorization-server/dynamic-client.ts'
import type { RegisteredClients, Registrar } from '../authorization-server/registered-clients.ts'
import type { RegisteredClientRecord } from '../authorization-server/registration.ts'
import type { RegisteredClient } from '../authorization-server/token-request.ts'
import { loadPart } from '../errors/index.ts'
import type { Tell } from '../events.ts'
import { metadataOf, type ServerAccess } from '../parties/client-session.ts'
import type { RecordStore } from '../parties/party.ts'
import type { Authority } from '../trust/authority.ts'
import type { ClientRegistry } from '../trust/trust.ts'

/** The clients of a requester that register themselves, and the functions of the loaded code. */
interface LoadedClients extends RegisteredClients {
  toClient(record: RegisteredClientRecord): RegisteredClient
}

/** The parts that the registry uses. */
export interface ClientRegistryParts extends ServerAccess {
  records: RecordStore
  tell: Tell
}

/** The registered clients in the storage, as trust uses them. The code is loaded with the first such client. */
export function createClientRegistry(parts: ClientRegistryParts): ClientRegistry {
  let loaded: LoadedClients | undefined

  async function load(dynamic: DynamicClient): Promise<LoadedClients> {
    if (loaded) return loaded
    const part = await loadPart('client/dynamic', () => dynamic.loadRegistration())
    const { records, caller, tell } = parts
    const onRegistered = (issuer: string): void => tell({ type: 'client-registered', issuer })
    loaded ??= { ...part.createRegisteredClients({ records, caller, onRegistered }), toClient: part.toClient }
    return loaded
  }

  return {
    async stored(authority, clientId) {
      const dynamic = dynamicOf(authority)
      const clients = await load(dynamic)
      const record = await clients.stored(registrarOf(parts, authority, dynamic), clientId)
      return record && clients.toClient(record)
    },
    async register(authority, not) {
      const dynamic = dynamicOf(authority)
      const clients = await load(dynamic)
      return clients.toClient(await clients.register(registrarOf(parts, authority, dynamic), not))
    },
  }
}

function dynamicOf({ dynamic, server }: Authority): DynamicClient {
  if (!dynamic) throw new Error(`The client at ${server.issuer} does not register itself`)
  return dynamic
}

function registrarOf(access: ServerAccess, authority: Authority, { metadata: client }: DynamicClient): Registrar {
  const { server, scheme } = authority
  return {
    issuer: server.issuer,
    client,
    register: scheme.register,
    metadata: () => metadataOf(access, authority),
  }
}
