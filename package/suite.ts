/**
 * The end-to-end suite against the installed package: a folder outside the workspace where `burla` is installed from the
 * tarball, with copies of the tests and the examples, run there by vitest on the Node in question, as are all programs,
 * parts and slots that they start.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { nodeOf, type Major } from '@burla/testkit/nodes'
import { cache, npm } from '@burla/testkit/npm'

const root = join(import.meta.dirname, '..')

/** The values of the tests stand with those of the codec. */
const copied = ['e2e', 'examples', 'docs', 'README.md', 'libs/protocol/src/values/fixtures']

/** vitest 5 asks for Node 22; this is the newest that runs on 20. */
const vitestFor20 = '4.1.12'

/** Runs it, with more arguments for vitest, and says whether all passed. The report goes to `report`. */
export function runSuite(major: Major, tarball: string, report: string, args: string[]): boolean {
  const node = nodeOf(major)
  const folder = mkdtempSync(join(tmpdir(), `burla-suite-${major}-`))
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
    npm(['install', tarball], { cwd: folder, node })
    const vitest = major === '20' ? vitestOf20() : join(root, 'node_modules/vitest')
    symlinkSync(vitest, join(folder, 'node_modules/vitest'))
    for (const name of ['@burla', ...toolsOfTests()]) {
      const link = join(folder, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), link)
    }
    for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true })
    cpSync(join(import.meta.dirname, 'suite.config.mjs'), join(folder, 'vitest.config.mjs'))
    const { status } = spawnSync(node, [join(vitest, 'vitest.mjs'), 'run', ...reporting(report), ...args], {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, PATH: [dirname(node), process.env['PATH']].join(delimiter) },
    })
    return status === 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** For people, and for the count. */
export const reporting = (file: string) => ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]

/** What tests and examples import: dev dependencies of the workspace. vitest is the one that the Node can run. */
function toolsOfTests(): string[] {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: object
  }
  return Object.keys(devDependencies).filter((name) => name !== 'vitest')
}

function vitestOf20(): string {
  const folder = join(cache, `vitest-${vitestFor20}`)
  const vitest = join(folder, 'node_modules/vitest')
  if (!existsSync(vitest)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
    npm(['install', `vitest@${vitestFor20}`], { cwd: folder })
  }
  return vitest
}
