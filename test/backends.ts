import { afterAll, beforeAll, describe } from 'vitest'
import { nativeAddon } from '../ts/executors/choice.js'
import type { Backend } from '../ts/executors/executor.js'
import * as lw from '../ts/index.js'

/** The executors that this machine has: the reference, and the native one where its addon loads. */
export const backends: readonly Backend[] = nativeAddon() ? ['reference', 'native'] : ['reference']

/** Runs the same tests on each executor. */
export function describeOnEachBackend(name: string, body: (backend: Backend) => void): void {
  describe.each(backends)(`${name} on %s`, (backend) => {
    let former: Backend
    beforeAll(() => {
      former = lw.backend()
      lw.setBackend(backend)
      lw.seed(1)
    })
    afterAll(() => lw.setBackend(former))
    body(backend)
  })
}
