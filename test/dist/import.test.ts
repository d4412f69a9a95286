import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodes, root, run } from './kit.ts'

test.each(Object.entries(nodes))(
  'every built file can be imported where there is no page, and touches none: %s',
  async (_name, node) => {
    const report = JSON.parse(await run(node, [join(root, 'test/dist/import-all.mjs'), join(root, 'dist')], root))
    expect(report).toEqual({ files: expect.any(Number), touched: [], failed: [] })
    expect(report.files).toBeGreaterThan(10)
  },
)
