/** A real Chromium out of node_modules, and pages for it. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { type Browser, chromium } from 'playwright-core'
import { listen, send } from './http.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs in a process of its own: the package unpacks into os.tmpdir(), so that needs to be another directory for a while. */
const unpacker = `
  const { inflate } = await import(process.argv[1])
  const parts = ['chromium', 'fonts.tar', 'swiftshader.tar', 'al2023.tar']
  await Promise.all(parts.map((part) => inflate(process.argv[2] + '/' + part + '.br')))
`

/**
 * Chromium and the shared libraries that a bare system lacks (NSS, expat), unpacked once per machine, user and version. They are
 * unpacked apart and renamed when whole: several test files, and several test runs, may come here at once.
 */
async function unpack(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const home = join(dirname(entry), '..')
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const directory = join(tmpdir(), `uma-test-chromium-${version}-${userInfo().uid}`)
  if (existsSync(directory)) return directory
  const staging = mkdtempSync(`${directory}-`)
  try {
    const script = ['--input-type=module', '--eval', unpacker, pathToFileURL(entry).href, join(home, 'bin')]
    await promisify(execFile)(process.execPath, script, { env: { ...process.env, TMPDIR: staging } })
    renameSync(staging, directory)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    if (!existsSync(directory)) throw error // else another was faster
  }
  return directory
}

/**
 * The package's own fonts.conf looks for fonts where AWS Lambda has them; Chromium ends itself at the first text field when it has
 * none. The fonts that came with it are where they were unpacked.
 */
function fontsIn(directory: string): string {
  const file = join(directory, 'fonts', 'here.conf')
  if (existsSync(file)) return file
  const prefer = (family: string, font: string) =>
    `<alias binding="strong"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`
  const rules = [
    `<dir>${join(directory, 'fonts', 'fonts')}</dir><dir>/usr/share/fonts</dir>`,
    `<cachedir>${join(directory, 'fonts', 'cache')}</cachedir>`,
    ...['sans-serif', 'system-ui', 'Arial'].map((family) => prefer(family, 'Open Sans')),
    prefer('monospace', 'DejaVu Sans Mono'),
  ]
  // Written apart and renamed, as above.
  writeFileSync(
    `${file}-${process.pid}`,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${rules.join('')}</fontconfig>`,
  )
  renameSync(`${file}-${process.pid}`, file)
  return file
}

/**
 * A browser with a new, empty profile. Close it when done. `UMA_TEST_CHROMIUM` names another Chromium, for systems that this one is
 * not made for (it is Linux x64).
 */
export async function launchChromium(): Promise<Browser> {
  const own = process.env.UMA_TEST_CHROMIUM
  const directory = own ? '' : await unpack()
  const libraries = [join(directory, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')
  return chromium.launch({
    executablePath: own ?? join(directory, 'chromium'),
    headless: true,
    chromiumSandbox: false,
    env: own ? {} : { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: fontsIn(directory) },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/**
 * One script out of an ES module's source, for `servePage`. It may import `uma-requester` and its subpaths, which are taken from
 * `src`, and any package.
 */
export async function bundleForBrowser(entrySource: string): Promise<string> {
  const exported: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports
  const source = (target = '') => join(root, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))
  const { outputFiles } = await build({
    stdin: { contents: entrySource, resolveDir: join(root, 'test'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'uma-requester-from-src',
        setup: ({ onResolve }) => {
          onResolve({ filter: /^uma-requester(\/|$)/ }, ({ path }) => {
            const target = exported[path.replace('uma-requester', '.')]
            return target ? { path: source(target) } : { errors: [{ text: `${path} is not exported` }] }
          })
        },
      },
    ],
  })
  return outputFiles[0]?.text ?? ''
}

export interface ServedPage {
  origin: string
  close(): Promise<void>
}

/** Serves one HTML page at every path of an origin of its own, with these scripts (`bundleForBrowser`) as modules at its end. */
export function servePage(page: {
  html?: string
  scripts?: string[]
  port?: number
  host?: string
}): Promise<ServedPage> {
  const { html = '<!doctype html><title>test</title>', scripts = [], port, host } = page
  const tags = scripts.map((_, index) => `<script type="module" src="/scripts/${index}.js"></script>`).join('')
  return listen(
    (req, res) => {
      const index = /^\/scripts\/(\d+)\.js$/.exec(req.url ?? '')?.[1]
      const script = index === undefined ? undefined : scripts[Number(index)]
      const type = script === undefined ? 'text/html' : 'text/javascript'
      // Chromium asks for it on its own; to a page it must look like nothing at all.
      if (req.url === '/favicon.ico') send(res, { status: 204 })
      else
        send(res, { status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body: script ?? html + tags })
    },
    { port, host },
  )
}
