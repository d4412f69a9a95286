/** The guides to options and to people: their code compiles and prints the text that follows, and no option is left out. */
import ts from 'typescript'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type AuthorizationServer, createRequester } from '../../src/index.ts'
import { type Policy, REDIRECT_URI, UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { person } from '../sign-in/kit.ts'
import { asInDocument, type Block, blocksOf, complaints, runCode, textOf } from './kit.ts'

const guides = ['docs/guide/options.md', 'docs/guide/people.md']

/** The names that the code takes as given. */
const given = `
declare global {
  const session: { user: string | undefined }
  const sendBob: import('uma-requester').RedirectHandler
  const secret: string
  const film: Blob
}
export {}
`

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

test('the code of the guides compiles', () => {
  const blocks = guides.flatMap((path) => blocksOf(path, 'ts'))
  expect(blocks.length).toBeGreaterThan(4)
  expect(complaints(blocks, given)).toEqual([])
})

/** The output of a block, by the text that follows the block. */
function printedBy({ path, line }: Block): string {
  const following = textOf(path).split('\n').slice(line).join('\n')
  return /^```\n\n```text\n(.*?)^```$/ms.exec(following)?.[1]?.trimEnd() ?? 'nothing'
}

/** People agree at the claims page, or sign in. */
const agreement: Policy = ({ account, bearerSubject }) =>
  (account ?? bearerSubject) ? 'grant' : { needInfo: { redirectUser: true } }

/** Starts the servers of the guides. The person is asked only in the examples that send somebody away. */
async function startServers(code: string): Promise<World> {
  const isSignIn = code.includes('signIn:')
  const as = code.includes('sendBob')
    ? { policy: agreement, quirks: isSignIn ? { clientAuth: 'bearer-only' as const } : {} }
    : {}
  const world = await startWorld({ as })
  await world.as.addClient({
    client_id: 'album',
    token_endpoint_auth_method: 'none',
    redirect_uris: [REDIRECT_URI],
    claims_redirect_uris: [REDIRECT_URI],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  })
  return world
}

test.each(guides.flatMap((path) => blocksOf(path, 'ts')))('$path:$line prints the text that follows', async (block) => {
  const world = await startServers(block.code)
  const visit = person('bob')
  vi.stubGlobal('session', { user: undefined })
  vi.stubGlobal('sendBob', ({ url }: { url: string }) => visit(url))
  const printed: string[] = []
  vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    printed.push(
      values
        .map((value) => (Array.isArray(value) ? `[ ${value.map((one) => `'${one}'`).join(', ')} ]` : String(value)))
        .join(' '),
    )
  })
  await runCode(block.code.replaceAll('https://app.example.com/callback', REDIRECT_URI), world)
  expect(asInDocument(printed.join('\n'), world)).toBe(printedBy(block))
})

interface Row {
  name: string
  fallback: string
  meaning: string
  example: string
}

/** The rows of the table beneath a heading. */
function rowsOf(heading: string): Row[] {
  const [, section = ''] = textOf('docs/guide/options.md').split(`\n## ${heading}\n`)
  const [table = ''] = section.split('\n## ')
  return [...table.matchAll(/^\| `(\w+)` \| (.+) \| (.+) \| `(.+)` \|$/gm)].map(
    ([, name = '', fallback = '', meaning = '', example = '']) => ({ name, fallback, meaning, example }),
  )
}

/** The names of all options, from the message about an option that there is not. */
function knownOptions(create: () => unknown): string[] {
  try {
    create()
  } catch (error) {
    return /the options are (.*)$/.exec(String(error))?.[1]?.split(', ') ?? []
  }
  return []
}

const server: AuthorizationServer = { issuer: 'https://as.example.com', hosts: [], client: { id: 'album' } }
const unknown: object = { qqqqqqqqqqqq: true }

/** The members of an interface. */
function membersOf(name: string, path: string): string[] {
  const file = ts.createSourceFile('options.ts', textOf(path), ts.ScriptTarget.Latest)
  const found = file.statements.filter(ts.isInterfaceDeclaration).find((statement) => statement.name.text === name)
  return (found?.members ?? []).map((member) => (member.name as ts.Identifier).text)
}

const imports = `
import { clientSecretBasic, createRequester } from 'uma-requester'
import { consoleReporter } from 'uma-requester/console'
import { popupRedirect } from 'uma-requester/redirect/popup'
import { puma } from 'uma-requester/schemes/puma'
import { uma1 } from 'uma-requester/schemes/uma1'
import { codeFlow } from 'uma-requester/sign-in'
import { keyValueStorage } from 'uma-requester/storage/key-value'
const server = { issuer: 'https://as.example.com', hosts: ['https://photos.example.com'], client: { id: 'album' } }
const options = { authorizationServers: [server] }
`

const tables = [
  {
    heading: 'Options of createRequester',
    names: knownOptions(() => createRequester({ authorizationServers: [], ...unknown })),
    use: (example: string) => `createRequester({ ...options, ${example} })`,
  },
  {
    heading: 'Options of an authorization server',
    names: knownOptions(() => createRequester({ authorizationServers: [{ ...server, ...unknown }] })),
    use: (example: string) => `createRequester({ authorizationServers: [{ ...server, ${example} }] })`,
  },
  {
    heading: 'Options of a request',
    names: membersOf('UmaRequestOptions', 'src/request/options.ts'),
    use: (example: string) => `await createRequester(options).fetch(url, { ...update, uma: { ${example} } })`,
  },
]

describe.each(tables)('$heading', ({ heading, names, use }) => {
  const rows = rowsOf(heading)
  const code = `${imports}
const url = 'https://photos.example.com/public/1.jpg'
const update = { method: 'PUT', body: 'a photo' }
${rows.map(({ example }) => use(example)).join('\n')}
`

  test('the table has every option, and no other', () => {
    expect(names.length).toBeGreaterThan(8)
    expect(rows.map(({ name }) => name).sort()).toEqual([...names].sort())
  })

  test('each row has an example of its option', () => {
    expect(rows.filter(({ name, example }) => !example.startsWith(`${name}: `))).toEqual([])
  })

  test('the examples compile', () => {
    expect(complaints([{ path: heading, line: 1, code }], given)).toEqual([])
  })

  test('the examples are accepted', async () => {
    vi.stubGlobal('secret', 'a secret')
    vi.stubGlobal('film', new Blob(['a film']))
    const world = await startServers('')
    await runCode(code, world)
  })
})
