/**
 * The types of the published package: one file for `import` and the same for `require`, with all that they refer to in
 * our own packages. `tsc` makes the declarations, rolldown puts them together.
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'
import { dist, root } from './places.ts'

export async function buildDeclarations(): Promise<void> {
  await using bundle = await rolldown({
    cwd: root,
    platform: 'node',
    input: { index: 'libs/sdk/src/index.ts' },
    external: /^node:/,
    // It says each time which TypeScript it uses.
    plugins: dts({
      emitDtsOnly: true,
      tsconfig: join(root, 'tsconfig.json'),
      logger: { ...console, info: quiet, warn: quiet },
    }),
    logLevel: 'warn',
    // it tells when a busy machine makes it slow
    checks: { pluginTimings: false },
  })
  await bundle.write({ dir: dist, format: 'esm' })
  copyFileSync(join(dist, 'index.d.ts'), join(dist, 'index.d.cts'))
}

function quiet(): void {}
