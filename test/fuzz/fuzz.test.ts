import { expect, test } from 'vitest'
import { loadAddon } from '../../ts/executors/addon.js'
import { campaign } from './campaign.js'

test('no program makes the addon panic', async () => {
  const range = { seed: 2, first: 0, stride: 1, end: 20_000 }
  const { accepted, rejected } = await campaign(loadAddon(), range)
  expect(accepted + rejected).toBe(range.end)
  expect(accepted).toBeGreaterThan(0.1 * range.end)
  expect(rejected).toBeGreaterThan(0.1 * range.end)
})
