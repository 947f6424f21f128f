import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: { layerwise: fileURLToPath(new URL('./ts/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Installing the packed tarball is a test of its own, run by `npm run test:package`.
    exclude: ['test/package/**'],
    pool: 'forks',
    testTimeout: 60_000,
  },
})
