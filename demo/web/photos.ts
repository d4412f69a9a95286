/** Alice's photos, drawn: skies, suns, ridges and water, from a few numbers each. */

export interface Photo {
  path: string
  title: string
  place: string
}

interface Scene extends Photo {
  seed: number
  sky: [string, string, string]
  /** centre and radius of the sun or moon, and its colour */
  light: [x: number, y: number, r: number, colour: string]
  /** far to near */
  ridges: string[]
  water?: [string, string]
  stars?: boolean
  trees?: string
}

const W = 600
const H = 400

const scenes: Scene[] = [
  {
    path: '/alice/dawn.svg',
    title: 'First light',
    place: 'Aiguilles Rouges',
    seed: 4,
    sky: ['#2b4570', '#e8927c', '#fbd6a5'],
    light: [412, 214, 34, '#fff1cf'],
    ridges: ['#a8697a', '#6b4a6b', '#3f3557', '#231f3a'],
  },
  {
    path: '/alice/lake.svg',
    title: 'Still water',
    place: 'Lac Blanc',
    seed: 11,
    sky: ['#5d9fc4', '#a9d3e0', '#eef5ea'],
    light: [170, 96, 26, '#ffffff'],
    ridges: ['#9fb8c2', '#6d93a1', '#3f6a72'],
    water: ['#7fb4c1', '#2f6472'],
  },
  {
    path: '/alice/forest.svg',
    title: 'Fog, lifting',
    place: 'Black Forest',
    seed: 23,
    sky: ['#8fa7a0', '#c4d0c3', '#eef0e2'],
    light: [330, 128, 44, '#f7f5e6'],
    ridges: ['#a9b9ab', '#7d9685', '#4d6c5b', '#2b473a'],
    trees: '#1d3329',
  },
  {
    path: '/alice/dunes.svg',
    title: 'Evening, far out',
    place: 'Erg Chebbi',
    seed: 31,
    sky: ['#d97b4f', '#f0b070', '#fbe3b4'],
    light: [300, 190, 48, '#fff3d6'],
    ridges: ['#d9925a', '#bd6f42', '#8f4a30'],
  },
  {
    path: '/alice/night.svg',
    title: 'Half past two',
    place: 'Sněžka',
    seed: 47,
    sky: ['#0b1230', '#1e2a5a', '#46518a'],
    light: [462, 92, 24, '#f4f0dc'],
    ridges: ['#2c3768', '#1b2348', '#0e132c'],
    stars: true,
    trees: '#080b1c',
  },
  {
    path: '/alice/coast.svg',
    title: 'Last ferry',
    place: 'Lofoten',
    seed: 58,
    sky: ['#41587f', '#c58a9b', '#f7c59f'],
    light: [206, 206, 30, '#ffe9c9'],
    ridges: ['#7c7796', '#4a4f72'],
    water: ['#c99aa0', '#33496e'],
  },
]

export const album: Photo[] = scenes.map(({ path, title, place }) => ({ path, title, place }))

const drawn = new Map(scenes.map((scene) => [scene.path, draw(scene)]))

/** The photo at a path, as SVG. */
export const photoAt = (path: string): string | undefined => drawn.get(path)

/** The same numbers for the same seed. */
function numbers(seed: number): () => number {
  let state = seed * 2654435761
  return () => {
    state = (state ^ (state << 13)) >>> 0
    state = (state ^ (state >>> 17)) >>> 0
    state = (state ^ (state << 5)) >>> 0
    return state / 2 ** 32
  }
}

function draw({ seed, sky, light, ridges, water, stars, trees }: Scene): string {
  const random = numbers(seed)
  const [x, y, r, colour] = light
  const horizon = water ? 268 : H
  const parts = [`<rect width="${W}" height="${H}" fill="url(#sky)"/>`]
  if (stars) {
    for (let i = 0; i < 90; i++) {
      const at = `cx="${Math.round(random() * W)}" cy="${Math.round(random() * 240)}" r="${(0.4 + random()).toFixed(1)}"`
      parts.push(`<circle ${at} fill="#fff" opacity="${(0.3 + random() * 0.7).toFixed(2)}"/>`)
    }
  }
  parts.push(`<circle cx="${x}" cy="${y}" r="${r * 4.5}" fill="url(#glow)"/>`)
  parts.push(`<circle cx="${x}" cy="${y}" r="${r}" fill="${colour}"/>`)
  ridges.forEach((fill, index) => {
    const depth = (index + 1) / ridges.length
    const base = water ? horizon - 12 - (1 - depth) * 40 : 190 + depth * 130
    parts.push(`<path d="${ridge(random, base, 88 - depth * 42, horizon)}" fill="${fill}"/>`)
  })
  if (trees)
    for (let at = -10; at < W; at += 9 + random() * 16)
      parts.push(tree(at, 374 + random() * 22, 26 + random() * 46, trees))
  if (water) {
    parts.push(`<rect y="${horizon}" width="${W}" height="${H - horizon}" fill="url(#water)"/>`)
    for (let i = 0; i < 26; i++) {
      const depth = random()
      const width = 12 + depth * 70
      const at = x + (random() - 0.5) * (40 + depth * 170) - width / 2
      const line = `x="${at.toFixed(0)}" y="${(horizon + 6 + depth * 118).toFixed(0)}" width="${width.toFixed(0)}" height="${(1 + depth * 2).toFixed(1)}"`
      parts.push(`<rect ${line} rx="1.5" fill="${colour}" opacity="${(0.45 - depth * 0.25).toFixed(2)}"/>`)
    }
  }
  const stops = (colours: readonly string[]): string =>
    colours.map((one, index) => `<stop offset="${index / (colours.length - 1)}" stop-color="${one}"/>`).join('')
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" width="${W}" height="${H}"><defs>` +
    `<linearGradient id="sky" x2="0" y2="1">${stops(sky)}</linearGradient>` +
    `<radialGradient id="glow"><stop stop-color="${colour}" stop-opacity=".55"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>` +
    `${water ? `<linearGradient id="water" x2="0" y2="1">${stops(water)}</linearGradient>` : ''}</defs>${parts.join('')}</svg>`
  )
}

/** A ridge by midpoint displacement. */
function ridge(random: () => number, base: number, rough: number, floor: number): string {
  let points = [base + (random() - 0.5) * rough, base - random() * rough, base + (random() - 0.5) * rough]
  for (let spread = rough; points.length < 120; spread *= 0.52) {
    const next: number[] = []
    points.forEach((point, index) => {
      const after = points[index + 1]
      next.push(point)
      if (after !== undefined) next.push((point + after) / 2 + (random() - 0.5) * spread)
    })
    points = next
  }
  const step = W / (points.length - 1)
  return `M0 ${floor} ${points.map((point, index) => `L${(index * step).toFixed(1)} ${Math.min(point, floor).toFixed(1)}`).join(' ')} L${W} ${floor} Z`
}

function tree(x: number, y: number, height: number, fill: string): string {
  const at = (dx: number, dy: number): string => `${(x + dx * height).toFixed(1)} ${(y - dy * height).toFixed(1)}`
  const layers = [0.1, 0.34, 0.58].map(
    (low, i) => `M${at(-0.24 + i * 0.06, low)} L${at(0, low + 0.42)} L${at(0.24 - i * 0.06, low)} Z`,
  )
  return `<path d="${layers.join(' ')} M${at(-0.03, -0.8)} L${at(-0.03, 0.2)} L${at(0.03, 0.2)} L${at(0.03, -0.8)} Z" fill="${fill}"/>`
}
