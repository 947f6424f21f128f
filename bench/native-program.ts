import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Builds bench/native where that is due, runs it, and yields its lines of JSON as they come. */
export async function* nativeLines<Line>(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): AsyncGenerator<Line> {
  const program = spawn('cargo', ['run', '--release', '--quiet', '-p', 'layerwise-bench', '--', ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    program.once('error', reject)
    program.once('close', resolve)
  })
  for await (const line of createInterface(program.stdout)) yield JSON.parse(line) as Line
  if ((await ended) !== 0) throw new Error(`cargo run -p layerwise-bench -- ${args.join(' ')} failed`)
}
