#!/usr/bin/env node
// What prebuildify calls in place of node-gyp: builds the addon for the platform that it names, with cargo.
import { rmSync } from 'node:fs'
import { buildAddon } from './run.mjs'

const targets = {
  'linux-x64-glibc': 'x86_64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'linux-arm64-glibc': 'aarch64-unknown-linux-gnu',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64': 'x86_64-pc-windows-msvc',
  'win32-arm64': 'aarch64-pc-windows-msvc',
}

const { PREBUILD_PLATFORM, PREBUILD_ARCH, PREBUILD_LIBC, LAYERWISE_ZIG } = process.env
const name = `${PREBUILD_PLATFORM}-${PREBUILD_ARCH}`
const target = targets[name] ?? targets[`${name}-${PREBUILD_LIBC}`]
if (!target) {
  console.error(`There is no target for ${name}.`)
  process.exit(1)
}

// Releases link with zig against an old glibc, so that they load on old distributions.
const zig = LAYERWISE_ZIG ? ['-x'] : []
const glibc = LAYERWISE_ZIG && target.endsWith('-gnu') ? '.2.17' : ''
const isHost = PREBUILD_PLATFORM === process.platform && PREBUILD_ARCH === process.arch && !LAYERWISE_ZIG

rmSync('build/Release', { recursive: true, force: true })
buildAddon(...(isHost ? [] : ['--target', target + glibc, ...zig]))
