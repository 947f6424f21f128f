import { describe, expect, it } from 'vitest'
import { fromRegistry, withCustomObjects } from '../../ts/described.js'
import * as lw from '../../ts/index.js'
import { getInitializer } from '../../ts/initializers/registry.js'
import { expectError } from '../expect.js'

describe('things in serialized form', () => {
  it('a factory’s function remembers its name and configuration, which make an equal one', () => {
    const made = lw.initializers.heNormal({ seed: 3 })
    const { className, config } = made as unknown as { className: string; config: { seed: number } }
    expect({ className, config }).toEqual({ className: 'heNormal', config: { seed: 3 } })
    expect(getInitializer({ className, config })([2, 3]).arraySync()).toEqual(made([2, 3]).arraySync())
  })

  it('only what the registry lists is made, and nothing is reached by way of prototypes', async () => {
    for (const className of ['constructor', '__proto__', 'toString', 'Zeros']) {
      await expectError('name.unknown', () => getInitializer({ className, config: {} }))
    }
    await expectError('argument.unknown', () =>
      getInitializer({ className: 'zeros', config: {}, module: 'os' } as never),
    )
    await expectError('argument.type', () => getInitializer({ className: 'zeros', config: [] } as never))
  })

  it('classes and functions of one’s own are found where they are given, by their own names alone', async () => {
    class Doubled {
      constructor(readonly config: object) {}
    }
    const half = () => 0.5
    const get = (className: string, config: object | null) =>
      fromRegistry<unknown>('thing', { className, config, custom: true }, { half: () => 'built in' })
    withCustomObjects({ Doubled, half }, () => {
      expect(get('Doubled', { by: 2 })).toEqual(new Doubled({ by: 2 }))
      expect(get('half', null)).toBe(half)
    })
    await expectError('custom.missing', () => get('Doubled', {}), { name: 'Doubled' })
    await expectError('custom.missing', () => withCustomObjects({ half }, () => get('toString', {})))
  })
})
