/**
 * `npm run size`: prints the sizes of real combinations (bench/size-table.ts), and fails if one is over its budget in
 * sizes.json. `npm run size -- --update` writes the budgets anew: the measured values plus 5 %.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { benchSizes, type Size } from '../bench/sizes.ts'

const file = new URL('sizes.json', import.meta.url)
const budgets: Record<string, Size> = JSON.parse(readFileSync(file, 'utf8'))

const withReserve = (bytes: number): number => Math.ceil(bytes * 1.05)

const isOver = ({ first, everything }: Size, budget: Size): boolean =>
  first > budget.first || everything > budget.everything

function state(size: Size, budget: Size | undefined): string {
  if (!budget) return 'NO BUDGET'
  return isOver(size, budget) ? `OVER ${budget.first} / ${budget.everything}` : ''
}

function updateBudgets(sizes: Record<string, Size>): void {
  const updated = Object.entries(sizes).map(([name, { first, everything }]) => [
    name,
    { first: withReserve(first), everything: withReserve(everything) },
  ])
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(updated), null, 2)}\n`)
}

function checkBudgets(sizes: Record<string, Size>): void {
  for (const [name, size] of Object.entries(sizes)) {
    const budget = budgets[name]
    if (!budget || isOver(size, budget)) process.exitCode = 1
  }
  const left = Object.keys(budgets).filter((name) => !(name in sizes))
  for (const name of left) console.log(`There is a budget for "${name}", and no such combination.`)
  if (left.length > 0) process.exitCode = 1
  if (process.exitCode) console.log('If the sizes are meant to be like this: npm run size -- --update')
}

const update = process.argv.includes('--update')
const sizes = await benchSizes()
console.log(`${'bytes, min+gzip'.padEnd(52)} ${'first load'.padStart(10)} ${'everything'.padStart(10)}`)
for (const [name, size] of Object.entries(sizes)) {
  const note = update ? '' : state(size, budgets[name])
  console.log(`${name.padEnd(52)} ${String(size.first).padStart(10)} ${String(size.everything).padStart(10)}  ${note}`)
}
if (update) updateBudgets(sizes)
else checkBudgets(sizes)
