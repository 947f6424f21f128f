// Writes docs/api from the doc comments, as they stand in the emitted declarations: a page for each namespace. `npm run docs` runs it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

interface Statement {
  readonly doc: string
  readonly code: string
}

/** A declaration of a name: several where a function is overloaded. */
interface Entry {
  doc: string
  readonly codes: [string, ...string[]]
  /** What its file declares. */
  readonly scope: Entries
}

type Entries = Map<string, Entry>

/** The pages of the reference, by their names in docs/api. */
export function referencePages(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'layerwise-docs-'))
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const options = ['-p', join(root, 'tsconfig.build.json'), '--emitDeclarationOnly', '--outDir', folder]
    execFileSync(process.execPath, [tsc, ...options], { stdio: 'inherit' })
    const { names, namespaces } = readModule(join(folder, 'index.d.ts'))
    const pages = [['layerwise', names] as const, ...namespaces].sort(([a], [b]) => a.localeCompare(b, 'en'))
    const texts = pages.map(([name, entries]) => [`${name}.md`, page(name, entries)] as const)
    return new Map([['README.md', index(pages)] as const, ...texts])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a declaration file exports: declarations by name, and namespaces with theirs. */
function readModule(path: string) {
  const own: Entries = new Map()
  const names: Entries = new Map()
  const namespaces: (readonly [name: string, entries: Entries])[] = []
  for (const { doc, code } of statements(readFileSync(path, 'utf8'))) {
    const source = /from '(.+)\.js'/.exec(code)?.[1]
    const target = source?.startsWith('.') ? join(dirname(path), `${source}.d.ts`) : undefined
    const namespace = /^export \* as (\w+)/.exec(code)?.[1]
    const listed = /^export (?:type )?\{([^}]*)\}/.exec(code)?.[1]
    const declared = /^(?:export )?(?:declare )?(?:abstract )?(?:function|class|interface|type|const) (\w+)/
    const name = declared.exec(code)?.[1]
    if (namespace && target) {
      const module = readModule(target)
      namespaces.push(
        [namespace, module.names],
        ...module.namespaces.map(([inner, entries]) => [`${namespace}.${inner}`, entries] as const),
      )
    } else if (code.startsWith('export * from') && target) {
      for (const [key, entry] of readModule(target).names) names.set(key, entry)
    } else if (listed !== undefined) {
      const found = target ? readModule(target).names : own
      for (const part of listed.split(',')) {
        const [from, to = from] = part
          .trim()
          .replace(/^type /, '')
          .split(' as ')
        const entry = from ? found.get(from) : undefined
        if (entry) names.set(to as string, entry)
      }
    } else if (name) {
      const former = own.get(name)
      former?.codes.push(code)
      const entry: Entry = former ?? { doc, codes: [code], scope: own }
      entry.doc ||= doc
      own.set(name, entry)
      if (code.startsWith('export ')) names.set(name, entry)
    } else if (code.startsWith('import ') && target) {
      for (const part of /\{([^}]*)\}/.exec(code)?.[1]?.split(',') ?? []) {
        const local = part
          .trim()
          .replace(/^type /, '')
          .split(' as ')
          .at(-1)
        if (local) imports(own).set(local, target)
      }
    }
  }
  return { names, namespaces, own }
}

const importsOf = new WeakMap<Entries, Map<string, string>>()

/** The files that a file imports names from. */
function imports(scope: Entries): Map<string, string> {
  const known = importsOf.get(scope) ?? new Map<string, string>()
  importsOf.set(scope, known)
  return known
}

/** A declaration that a file knows by a name, also by way of its imports. */
function lookUp(scope: Entries, name: string): Entry | undefined {
  const target = imports(scope).get(name)
  return scope.get(name) ?? (target === undefined ? undefined : readModule(target).names.get(name))
}

/** The statements of a file, or the members of a body, each with the doc comment before it. */
function statements(text: string): Statement[] {
  const found: Statement[] = []
  let doc = ''
  for (let i = 0; i < text.length; ) {
    if (/\s/.test(text[i] as string)) {
      i++
    } else if (text.startsWith('/*', i)) {
      const end = text.indexOf('*/', i) + 2
      if (text.startsWith('/**', i)) doc = uncomment(text.slice(i, end))
      i = end
    } else if (text.startsWith('//', i)) {
      i = text.indexOf('\n', i) + 1 || text.length
    } else {
      const end = endOfStatement(text, i)
      found.push({ doc, code: text.slice(i, end).replace(/;$/, '').trim() })
      doc = ''
      i = end
    }
  }
  return found
}

/** Where the statement that begins at an index ends: after its semicolon, or after its body. */
function endOfStatement(text: string, begin: number): number {
  const hasBody = /^(export )?(declare )?(abstract )?(class|interface) /.test(text.slice(begin, begin + 60))
  let depth = 0
  for (let i = begin; i < text.length; i++) {
    const character = text[i] as string
    if (text.startsWith('/*', i)) i = text.indexOf('*/', i) + 1
    else if ('\'"`'.includes(character)) i = text.indexOf(character, i + 1)
    else if ('({['.includes(character)) depth++
    else if (')}]'.includes(character) && --depth === 0 && hasBody && character === '}') return i + 1
    else if (character === ';' && depth === 0) return i + 1
  }
  return text.length
}

function uncomment(comment: string): string {
  return comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim()
    .replace(/\{@link (\w+)\}/g, '`$1`')
}

/** A doc comment as Markdown: the text, then its tags as a list, then the examples. */
function describe(doc: string): string[] {
  const [text = '', ...tags] = doc.split(/^@/m)
  const items: string[] = []
  const examples: string[] = []
  for (const tag of tags) {
    const [, kind, rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(tag.trimEnd()) ?? []
    const joined = rest.replace(/\s+/g, ' ').trim()
    if (kind === 'example') examples.push(fence(rest.trim()))
    else if (kind === 'param') items.push(joined.replace(/^(\w+) (?:- )?/, '- `$1`: '))
    else if (kind === 'returns') items.push(`- Gives ${joined}`)
    else if (kind === 'throws') items.push(`- Errors: ${joined}`)
  }
  return [text.trim(), items.join('\n'), ...examples].filter(Boolean)
}

const fence = (code: string) => `\`\`\`ts\n${code}\n\`\`\``

/** What a class or an interface consists of. */
function membersOf(code: string): Statement[] {
  const body = code.slice(code.indexOf('{') + 1, code.lastIndexOf('}'))
  return statements(body).filter(({ code }) => !/^(#|\[|private |static readonly className)/.test(code))
}

/** Members as a list: each with its type and the first paragraph of what is said of it. */
function memberList(code: string): string {
  return membersOf(code)
    .map(({ doc, code }) => {
      const [text = '', ...rest] = describe(doc)
      const tags = rest.filter((part) => !part.startsWith('```'))
      const said = [text, ...tags.map((part) => part.replace(/^- /gm, '').replace(/\n/g, '; '))].join(' ')
      return `- \`${code.replace(/\s+/g, ' ')}\`${said.trim() && `: ${said.replace(/\s+/g, ' ').trim()}`}`
    })
    .join('\n')
}

/** What an options object of a function may hold. Options that many share have a section of their own on the page. */
function optionsOf(
  entry: Pick<Entry, 'codes' | 'scope'>,
  shared: ReadonlySet<string>,
  first = true,
): string[] {
  const types = [...entry.codes.join(' ').matchAll(/\b(\w+(?:Config|Options))\b/g)].map(
    ([, name]) => name as string,
  )
  const parts: string[] = []
  const seen = new Set<string>()
  for (const name of types) {
    if (seen.has(name)) continue
    seen.add(name)
    const link = `[${name}](#${name.toLowerCase()})`
    if (shared.has(name)) {
      parts.push(first ? `Options: those of ${link}.` : `Also those of ${link}.`)
      continue
    }
    const found = lookUp(entry.scope, name)
    if (!found?.codes[0].includes('interface')) continue
    const list = memberList(found.codes[0]).replace(/^- `readonly /gm, '- `')
    if (list) parts.push(list)
    const parents = /interface \w+ extends ([^{]+)\{/.exec(found.codes[0])?.[1] ?? ''
    parts.push(...optionsOf({ codes: [parents], scope: found.scope }, shared, !list && first))
  }
  return parts
}

/** What the object that a factory gives has besides what its base class says. */
function classOf(entry: Entry): string {
  const usual =
    /^(protected |constructor|build|call|getConfig|computeMask|update|clone|result|checkInputShape)\b/
  const own = membersOf(entry.codes[0]).filter(
    ({ code }) => !usual.test(code) && !/^(supportsMasking|readonly (name|config))\b/.test(code),
  )
  const header = entry.codes[0]
    .slice(0, entry.codes[0].indexOf('{'))
    .replace(/^export (declare )?/, '')
    .trim()
  const list = own.map(
    ({ doc, code }) =>
      `\`${code.replace(/\s+/g, ' ')}\`${doc && ` (${describe(doc)[0]?.replace(/\.$/, '')})`}`,
  )
  return `Gives: \`${header.replace(/^class /, '')}\`${list.length > 0 ? `, with ${list.join(', ')}` : ''}.`
}

function section(name: string, entry: Entry, made: Entry | undefined, shared: ReadonlySet<string>): string {
  const [code] = entry.codes
  const kind = /\b(function|class|interface|type|const) /.exec(code)?.[1]
  const parts = [`## ${name}`]
  if (kind === 'function') {
    parts.push(
      fence(entry.codes.map((one) => one.replace(/^(export )?declare function \w+/, name)).join('\n')),
    )
    parts.push(...describe(entry.doc), ...optionsOf(entry, shared))
    if (made) parts.push(classOf(made))
  } else if (kind === 'class' || kind === 'interface') {
    parts.push(
      fence(
        code
          .slice(0, code.indexOf('{'))
          .replace(/^export (declare )?/, '')
          .trim(),
      ),
    )
    parts.push(...describe(entry.doc), memberList(code))
  } else {
    parts.push(fence(code.replace(/^export (declare )?/, '')), ...describe(entry.doc))
  }
  return parts.filter(Boolean).join('\n\n')
}

/** The class of what a factory makes: it has the factory's name with other capitals. */
function classFor(factory: string, entries: Entries): Entry | undefined {
  const name = [...entries.keys()].find(
    (key) => key !== factory && key.toLowerCase() === factory.toLowerCase(),
  )
  return /^[a-z]/.test(factory) && name ? entries.get(name) : undefined
}

/** Options and classes that one function takes or makes stand with it; options that several share have their own place. */
function isShown(name: string, entries: Entries): boolean {
  const { codes } = entries.get(name) as Entry
  if (codes[0].includes('interface') && /(Config|Options)$/.test(name)) {
    return [...entries.values()].filter(({ codes }) => codes[0].includes(`extends ${name}`)).length > 1
  }
  const factory = name.charAt(0).toLowerCase() + name.slice(1)
  return ![...entries.keys()].some(
    (key) => key !== name && /^[a-z]/.test(key) && key.toLowerCase() === factory.toLowerCase(),
  )
}

function page(name: string, entries: Entries): string {
  const listed = [...entries].sort(([a], [b]) => a.localeCompare(b, 'en'))
  const shown = listed.filter(([key]) => isShown(key, entries))
  const shared = new Set(shown.map(([key]) => key))
  const title = name === 'layerwise' ? '# lw' : `# lw.${name}`
  return `${[title, 'Written by `npm run docs` from the doc comments.', ...shown.map(([key, entry]) => section(key, entry, classFor(key, entries), shared))].join('\n\n')}\n`
}

function index(pages: readonly (readonly [name: string, entries: Entries])[]): string {
  const rows = pages.map(([name, entries]) => {
    const title = name === 'layerwise' ? 'lw' : `lw.${name}`
    const names = [...entries.keys()].filter((key) => isShown(key, entries))
    const links = names
      .sort((a, b) => a.localeCompare(b, 'en'))
      .map((key) => `[${key}](${name}.md#${key.toLowerCase()})`)
    return `## [${title}](${name}.md)\n\n${links.join(' · ')}`
  })
  return `${['# API', 'Written by `npm run docs` from the doc comments.', ...rows].join('\n\n')}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = join(root, 'docs/api')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [name, text] of referencePages()) writeFileSync(join(folder, name), text)
}
