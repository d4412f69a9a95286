/** `node scripts/clean.ts <dir>…`: removes what a build left. */
import { rmSync } from 'node:fs'

for (const directory of process.argv.slice(2)) rmSync(directory, { recursive: true, force: true })
