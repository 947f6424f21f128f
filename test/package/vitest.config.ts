import { defineConfig } from 'vitest/config'

// Installing the packed tarball: `npm run package` first, then `npm run test:package`.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
