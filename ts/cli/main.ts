#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { nearestName } from '../errors.js'

const help = `layerwise: deep learning for Node.js

Usage:
  layerwise digits [options]    train a network to read handwritten digits, and look inside it
  layerwise images [options]    read them with convolutions, name colour images, take noise off
  layerwise --version

Options of both:
  --seed N         of the split and the weights (default 1)
  --epochs N       passes over the training data (default 60, of the residual network 10)
  --backend NAME   native or reference (default: native if it can be loaded)
  --json           print a last line of JSON

Options of images:
  --only NAME      convnet, resnet or autoencoder; may be repeated (default: all three)
  --cifar FOLDER   the binary version of CIFAR-10 or CIFAR-100, for the residual network (default: synthetic shapes)
  --samples N      training images of the residual network (default 4000, of CIFAR all)
  --png FOLDER     write what is drawn as PNG files too
`

const examples = ['digits', 'images']

/** Runs a command line and gives the exit code. */
async function main([command, ...rest]: readonly string[]): Promise<number> {
  if (command === '--version') {
    const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    console.log((JSON.parse(file) as { version: string }).version)
    return 0
  }
  if (command === undefined || command === '--help' || rest.includes('--help')) {
    console.log(help)
    return command === undefined ? 1 : 0
  }
  if (!examples.includes(command)) {
    const nearest = nearestName(command, examples)
    console.error(
      `layerwise has no command '${command}'.${nearest ? ` Did you mean '${nearest}'?` : ''}\n\n${help}`,
    )
    return 1
  }
  try {
    await import(new URL(`../../examples/${command}.js`, import.meta.url).href)
    return 0
  } catch (error) {
    console.error(`layerwise ${command}: ${error instanceof Error ? error.message : error}`)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
