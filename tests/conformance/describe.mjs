// The tests of the suite in the folder given, and the results that came with it, as JSON.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const suite = process.argv[2]
const at = (...names) => pathToFileURL(join(suite, ...names)).href

const groups = (await import(at('tests', 'index.mjs'))).default
// The suite's own client adds these, which are in no index
if (existsSync(join(suite, 'tests', 'surrogate-control.mjs'))) {
  groups.push((await import(at('tests', 'surrogate-control.mjs'))).default)
}
const tests = groups.flatMap(group => group.tests)
  .filter(test => !test.browser_only)
  .map(test => ({ id: test.id, kind: test.kind || 'required', says: test.name }))

const published = (await import(at('results', 'index.mjs'))).default
  .filter(one => one.type !== 'browser')
  .map(one => ({
    name: one.name,
    version: one.version,
    results: JSON.parse(readFileSync(join(suite, 'results', one.file), 'utf8'))
  }))

console.log(JSON.stringify({ tests, published }))
