/** What the panel looks like: one style sheet, with a theme's values in custom properties. */

/** Values of CSS; each member is one property, and no value may load anything or leave its declaration. */
export interface PanelColours {
  /** Text. */
  ink?: string
  /** Text of less weight: the state. */
  soft?: string
  /** Behind everything. Default: transparent. */
  ground?: string
  /** Edges of buttons. */
  line?: string
  /** The button that shares, the dot of what is shared, the focus. */
  accent?: string
  /** Text on `accent`. */
  onAccent?: string
  /** The edge and text of what stops. */
  danger?: string
}

/** How the panel looks. */
export interface PanelTheme extends PanelColours {
  /** `'auto'` (default) follows the system; an embedding page of one scheme says which. */
  scheme?: 'auto' | 'light' | 'dark'
  font?: string
  /** Default: `14px`. */
  size?: string
  /** Roundness of buttons. Default: `8px`. */
  radius?: string
  /** Around everything. Default: `8px`. */
  padding?: string
  /** Laid over the rest in the dark. */
  dark?: PanelColours
}

const light = {
  ink: '#1d2433',
  soft: '#5d6678',
  ground: 'transparent',
  line: '#c9ced8',
  accent: '#1f6f54',
  onAccent: '#fff',
  danger: '#a33122',
}
const dark = {
  ink: '#eef0f4',
  soft: '#a9b1c0',
  ground: 'transparent',
  line: '#4a5366',
  accent: '#6fd0ad',
  onAccent: '#10251d',
  danger: '#ff9d8f',
}
const measures = { font: 'system-ui, sans-serif', size: '14px', radius: '8px', padding: '8px' }

const harmless = /^[\w\s#%.,()+*/'"-]{1,200}$/
const loads = /(url|image|image-set|src|attr|element|expression|import)\s*\(|\/\/|\/\*/i

function declarations(given: object, defaults: Record<string, string>, all: boolean): string {
  const entries = Object.entries(defaults).map(([name, usual]): [string, unknown] => [
    name,
    (given as Record<string, unknown>)[name] ?? (all ? usual : undefined),
  ])
  return entries
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      if (typeof value !== 'string' || !harmless.test(value) || loads.test(value) || !balanced(value))
        throw new TypeError(`panel: theme.${name} is not a plain value of CSS`)
      return `--uma-${name === 'onAccent' ? 'on-accent' : name}:${value};`
    })
    .join('')
}

/** An open quote or bracket would swallow what follows. */
function balanced(value: string): boolean {
  const text = value.replace(/"[^"]*"|'[^']*'/g, '')
  let depth = 0
  for (const char of text) {
    if (char === '(') depth++
    if (char === ')' && --depth < 0) return false
  }
  return depth === 0 && !/["']/.test(text)
}

/** @throws TypeError if a value of the theme is not a plain one, or a member is unknown */
export function panelStyle(theme: PanelTheme, compact: boolean): string {
  const { scheme = 'auto', dark: night = {}, ...rest } = theme
  if (!['auto', 'light', 'dark'].includes(scheme))
    throw new TypeError("panel: theme.scheme is 'auto', 'light' or 'dark'")
  for (const [from, names] of [
    [rest, { ...light, ...measures }],
    [night, light],
  ] as const) {
    const unknown = Object.keys(from).find((name) => !(name in names))
    if (unknown !== undefined) throw new TypeError(`panel: theme.${unknown} is not known`)
  }
  const day = declarations(rest, { ...light, ...measures }, true)
  const overNight = declarations({ ...dark, ...colours(rest), ...night }, light, true)
  const base = scheme === 'dark' ? day + overNight : day
  const auto = scheme === 'auto' ? `@media (prefers-color-scheme:dark){:root{${overNight}}}` : ''
  return `:root{color-scheme:${scheme === 'auto' ? 'light dark' : scheme};${base}}${auto}${sheet}${compact ? hidden('.what') : ''}`
}

/** A theme's own colour holds in the dark too, where `dark` has no other. */
const colours = (rest: object): object =>
  Object.fromEntries(Object.entries(rest).filter(([name, value]) => name in light && value !== undefined))

const hidden = (selector: string): string =>
  `${selector}{position:absolute;width:1px;height:1px;margin:-1px;padding:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap}`

const sheet = `
*{box-sizing:border-box}
body{margin:0;padding:var(--uma-padding);background:var(--uma-ground);color:var(--uma-ink);font:var(--uma-size)/1.4 var(--uma-font)}
main{display:flex;flex-wrap:wrap;align-items:center;gap:6px 12px}
p{margin:0}
.what{font-weight:600;min-width:0;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.state{display:flex;align-items:center;gap:7px;color:var(--uma-soft)}
.state::before{content:"";flex:none;width:9px;height:9px;border-radius:50%;border:1.5px solid var(--uma-soft)}
.state.on{color:var(--uma-accent)}
.state.on::before{background:var(--uma-accent);border-color:var(--uma-accent)}
.notice{flex:1 1 12em;color:var(--uma-danger)}
.notice.calm{color:var(--uma-soft)}
.actions{display:flex;flex-wrap:wrap;gap:6px;margin-inline-start:auto}
form{margin:0}
button,.button{display:inline-block;min-height:30px;padding:4px 12px;font:inherit;line-height:20px;font-weight:600;text-decoration:none;color:var(--uma-ink);background:transparent;border:1px solid var(--uma-line);border-radius:var(--uma-radius);cursor:pointer}
.share{color:var(--uma-on-accent);background:var(--uma-accent);border-color:var(--uma-accent)}
.stop{color:var(--uma-danger)}
button:hover,.button:hover{border-color:currentColor}
.share:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--uma-accent);outline-offset:2px}
@media (forced-colors:active){.state::before{border-color:CanvasText}.state.on::before{background:CanvasText}}
`.replaceAll('\n', '')
