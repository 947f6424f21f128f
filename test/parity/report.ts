import type { Composition, Primitive } from '../../ts/ops/record.js'
import type { GradientOutcome } from '../gradients/op-gradients.js'
import type { Case } from './cases.js'
import type { Outcome } from './check.js'
import { describeTolerance } from './tolerance.js'

interface Row {
  runs: number
  ratio: number
  where: string
  gradientRatio: number
  failed: number
}

/** Collects outcomes, a row for each op. */
export class Report {
  readonly failures: string[] = []
  readonly #rows = new Map<string, Row>()
  #sameAcrossThreads = true

  add({ row: name, kind }: Case, { runs, worst, where, failures, sameAcrossThreads }: Outcome): void {
    const row = this.#count(name, runs, failures)
    if (kind === 'gradient') row.gradientRatio = Math.max(row.gradientRatio, worst.ratio)
    else if (worst.ratio > row.ratio) [row.ratio, row.where] = [worst.ratio, where]
    this.#sameAcrossThreads &&= sameAcrossThreads
  }

  /** Counts the comparisons of an op's gradients with central differences. */
  addGradients(name: string, { checked, failures }: GradientOutcome): void {
    this.#count(
      name,
      checked,
      failures.map((failure) => `${name}, central differences, ${failure}`),
    )
  }

  #count(name: string, runs: number, failures: readonly string[]): Row {
    const row = this.#rows.get(name) ?? { runs: 0, ratio: 0, where: '', gradientRatio: 0, failed: 0 }
    this.#rows.set(name, row)
    row.runs += runs
    row.failed += failures.length
    this.failures.push(...failures)
    return row
  }

  /** A line for each row: op, cases, worst error, worst error of a gradient as a share of what is allowed, where. */
  table(ops: ReadonlyMap<string, Primitive | Composition>): string {
    const header = ['op', 'cases', 'failed', 'worst error', 'gradient', 'where']
    const lines = [...this.#rows].map(([name, { runs, failed, ratio, gradientRatio, where }]) => [
      name,
      String(runs),
      String(failed),
      describeError(ops.get(name), ratio),
      gradientRatio === 0 ? '' : `${(100 * gradientRatio).toFixed(1)} %`,
      where,
    ])
    const widths = header.map((_, k) => Math.max(...[header, ...lines].map((line) => line[k]?.length ?? 0)))
    return [header, ...lines]
      .map((line) =>
        line
          .map((cell, k) => cell.padEnd(widths[k] as number))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')
  }

  summary(
    ops: ReadonlyMap<string, Primitive | Composition>,
    isas: readonly string[],
  ): Record<string, unknown> {
    const rows = [...this.#rows]
    const ulps = rows.flatMap(([name, { ratio }]) => {
      const op = ops.get(name)
      if (!op) return []
      const { unit, name: of } = describeTolerance(op)
      return of === 'ulp' ? [ratio * unit] : []
    })
    return {
      ops: rows.filter(([name]) => ops.has(name)).length,
      cases: rows.reduce((total, [, { runs }]) => total + runs, 0),
      failed: this.failures.length,
      worstUlp: Number(Math.max(0, ...ulps).toFixed(3)),
      isas,
      bitwiseAcrossThreads: this.#sameAcrossThreads,
    }
  }
}

function describeError(op: Primitive | Composition | undefined, ratio: number): string {
  if (!op) return `${(100 * ratio).toFixed(1)} % of allowed`
  const { unit, name } = describeTolerance(op)
  if (name === 'exact') return ratio === 0 ? 'exact' : 'not exact'
  return `${(ratio * unit).toPrecision(2)} ${name}`
}
