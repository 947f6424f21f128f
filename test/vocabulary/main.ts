// Compares the public names with Keras's: what is missing in each module, then a line of JSON. Run it by `npm run -s vocabulary`.
import { coverage } from './vocabulary.js'

const modules = coverage()
for (const { module, have, missing } of modules) {
  const of = have.length + missing.length
  console.log(`${module}: ${have.length} of ${of} (${Math.round((100 * have.length) / of)} %)`)
  if (missing.length > 0) console.log(`  missing: ${missing.join(', ')}`)
}
const counts = modules.map(({ module, have, missing }) => [
  module,
  { have: have.length, of: have.length + missing.length },
])
console.log(JSON.stringify(Object.fromEntries(counts)))
