/**
 * A process of its own for the tests: `program.ts <target> <leaseMs> <command> …`
 * - `increment <key> <rounds>`: so many times under the lock, read the number at `key`, add one, write it
 * - `churn <key>`: the same for ever, saying each number that was written, with big records written on the side
 * - `hold <key>`: takes the lock, says so, and keeps it
 */
import { pause } from './contract.ts'
import { record } from './kill.ts'
import { openTarget } from './kit.ts'

const [target = '', leaseMs, command, key = '', rounds = '1'] = process.argv.slice(2)
const { storage, close } = await openTarget(target, Number(leaseMs))

const increment = () =>
  storage.lock(key, async () => {
    const number = Number((await storage.get(key)) ?? 0) + 1
    await pause(Math.random() * 2)
    await storage.set(key, String(number))
    return number
  })

if (command === 'increment') for (let round = 0; round < Number(rounds); round++) await increment()
else if (command === 'hold') {
  await storage.lock(key, async () => {
    console.log('held')
    await pause(600_000)
  })
} else if (command === 'churn') {
  for (let round = 0; ; round++) {
    const number = await increment()
    // The line is in the pipe before the next round begins.
    await new Promise((resolve) => process.stdout.write(`${number}\n`, resolve))
    await storage.set(`${key}:record:${round % 5}`, record(number), round % 2 ? 60_000 : undefined)
    if (round % 7 === 6) await storage.delete(`${key}:record:${round % 5}`)
  }
}
await close()
