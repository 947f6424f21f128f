import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { referencePages } from '../../scripts/docs.js'

const pages = referencePages()
const folder = new URL('../../docs/api/', import.meta.url)

it('docs/api is what the doc comments say: `npm run docs` writes it anew', () => {
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort())
  for (const [name, text] of pages) {
    // Compared as a whole, since the difference itself would be long.
    expect(readFileSync(new URL(name, folder), 'utf8') === text, `docs/api/${name} is up to date`).toBe(true)
  }
})

it('every public function and class is described', () => {
  const undescribed: string[] = []
  for (const [name, text] of pages) {
    if (name === 'README.md') continue
    for (const [, title, next] of text.matchAll(/^## (\w+)\n\n```ts\n[\s\S]*?\n```\n\n?(.*)/gm)) {
      if (next === '' || next?.startsWith('## ') || next?.startsWith('- '))
        undescribed.push(`${name}: ${title}`)
    }
  }
  expect(undescribed).toEqual([])
})
