/** How esbuild reads the sources of the bundles. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { placeOfAssets } from './assets.ts'
import { root } from './places.ts'

/** Ends the map of a file before it begins: the maps show our sources, and not those of a hundred packages. */
const noMap = JSON.stringify({ version: 3, sources: ['third-party'], sourcesContent: [''], mappings: 'AAAA' })
const endOfMap = `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(noMap).toString('base64')}`

/** Packages that read files of their own find them among the assets. */
export const thirdParty: Plugin = {
  name: 'third-party',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8')
      const folder = placeOfAssets(relative(join(root, 'node_modules'), dirname(path)))
      const place =
        folder === undefined ? '' : `var __dirname = require('node:path').join(__filename, '..', '${folder}');`
      return { contents: `${place}${code}${endOfMap}`, loader: 'js' }
    })
  },
}

/**
 * Where ours load a package late and at once, they make a `require` of their own. Without that line esbuild knows which
 * package is meant, and bundles it, to be run at that moment.
 */
export const lateRequire: Plugin = {
  name: 'late-require',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](apps|libs)[\\/].*\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8')
      const contents = code.replace(/^const require = createRequire\(import\.meta\.url\)$/m, '')
      return contents === code ? undefined : { contents, loader: 'ts' }
    })
  },
}

/** These packages are bundled as files of their own, beside the one that imports them. */
export function fromFilesBeside(...names: string[]): Plugin {
  return {
    name: 'from-files-beside',
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path, kind }) =>
        kind === 'entry-point' ? undefined : { path: `./${path}.cjs`, external: true },
      )
    },
  }
}
