/** `npm run quickstart`: sets up what is missing, then runs the first two examples, each on its own embedded cluster. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ensureSetup, node, root } from './ensure-setup.mjs'

ensureSetup()

// Ctrl-C goes to the example as well, which ends its cluster first; its exit code is ours.
process.on('SIGINT', () => undefined)
for (const example of ['quickstart.ts', 'word-count.ts']) {
  console.log(`\n== examples/${example}`)
  const child = spawn(node, [`examples/${example}`], { cwd: root, stdio: 'inherit' })
  const [code, signal] = await once(child, 'exit')
  if (code !== 0) {
    console.error(`examples/${example} ended with ${signal ?? code}`)
    process.exit(code ?? 1)
  }
}
