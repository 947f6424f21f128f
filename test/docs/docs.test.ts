import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pagesOf = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
const pages = ['README.md', ...pagesOf('docs'), ...pagesOf('docs/api')]
const programs = pages.flatMap((page) =>
  [...read(page).matchAll(/```js\n(.*?)```/gs)].map(([, code], i) => ({ page, i, code: code as string })),
)

describe('documentation', () => {
  it.each(programs)('program $i of $page runs', async ({ code }) => {
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const folder = mkdtempSync(join(tmpdir(), 'layerwise-docs-'))
    try {
      writeFileSync(join(folder, 'program.mjs'), code)
      await import(join(folder, 'program.mjs'))
      expect(printed).toHaveBeenCalled()
    } finally {
      vi.restoreAllMocks()
      rmSync(folder, { recursive: true })
    }
  })

  it('quotes the custom training loop as the example has it', () => {
    expect(programs.map(({ code }) => code)).toContain(read('examples/custom-loop.js'))
  })

  it.each(pages)('the links of %s lead somewhere', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
      ([, target]) => target as string,
    )
    for (const target of targets) expect(() => read(join(page, '..', target)), target).not.toThrow()
  })
})
