/**
 * Who may import whom (design: arrows point down only). Types count as imports too. Apps talk through Redis and HTTP,
 * never by import; whoever adds a package says here what it stands on.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

const mayImport: Record<string, string[]> = {
  'libs/protocol': [],
  'libs/processes': ['@burla/protocol'],
  'libs/closure': ['@burla/protocol'],
  'libs/queue': ['@burla/protocol', 'ioredis', 'bullmq'],
  'libs/local-cluster': ['@burla/protocol', '@burla/processes', '@burla/queue'],
  'libs/sdk': ['@burla/protocol', '@burla/queue', '@burla/closure'],
  'libs/testkit': ['@burla/protocol', '@burla/processes', '@burla/queue', '@burla/local-cluster'],
  'apps/api': ['@burla/protocol', '@burla/processes', '@burla/queue'],
  'apps/node-agent': ['@burla/protocol', '@burla/processes', '@burla/queue'],
  'apps/runner': ['@burla/protocol', '@burla/processes', '@burla/queue', '@burla/closure'],
}
/** Without loading it: programs that use another cluster do not need what starts one. Types are erased, so they do not load. */
const mayImportLazily: Record<string, string[]> = { 'libs/sdk': ['@burla/local-cluster'], 'apps/runner': ['burla'] }
const onlyInQueue = ['ioredis', 'bullmq']
/** protocol is pure: no I/O */
const ioModules = /^node:(fs|net|tls|http|https|http2|dgram|dns|child_process|cluster|worker_threads)(\/|$)/

interface Import {
  specifier: string
  /** by `import()`, or types only */
  lazy: boolean
}

function importsOf(code: string): Import[] {
  const found: Import[] = []
  const add = (pattern: RegExp, lazy: boolean) => {
    for (const [, specifier = ''] of code.matchAll(pattern)) found.push({ specifier, lazy })
  }
  add(/^(?:import|export)\s+type\s+[\w$\s{},*]+\sfrom\s+['"]([^'"]+)['"]/gm, true)
  add(/^(?:import|export)\s+(?!type\s)[\w$\s{},*]+\sfrom\s+['"]([^'"]+)['"]/gm, false)
  add(/^import\s+['"]([^'"]+)['"]/gm, false)
  add(/\b(?:import|require|require\.resolve)\(\s*['"]([^'"]+)['"]/g, true)
  return found
}

/** What is wrong with the imports of one file, as sentences. */
function faultsOf(path: string, code: string): string[] {
  const [kind = '', name = ''] = path.split('/')
  const home = `${kind}/${name}`
  const forTests = /\.test\.ts$|\/fixtures\/|\/(use|test)-[^/]*\.ts$/.test(path)
  const allowed = mayImport[home]
  if (allowed === undefined) return [`${home} is not in the table of arrows`]
  return importsOf(code).flatMap(({ specifier, lazy }) => {
    const isOurs = specifier === 'burla' || specifier.startsWith('@burla/') || specifier.startsWith('burla/')
    const target = isOurs
      ? specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/')
      : specifier
    const isAllowed = allowed.includes(target) || (lazy && mayImportLazily[home]?.includes(target))
    if (specifier.startsWith('.')) {
      const file = relative(root, join(root, dirname(path), specifier))
      return file.startsWith(`${home}/`) ? [] : [`${path} reaches out of its package, to ${file}`]
    }
    if (onlyInQueue.includes(target) && !isAllowed) return [`${path} imports ${target}, which only libs/queue may`]
    if (home === 'libs/protocol' && !forTests && ioModules.test(specifier)) {
      return [`${path} imports ${specifier}, but protocol does no I/O`]
    }
    if (!isOurs || isAllowed) return []
    if (forTests && (target.startsWith('@burla/testkit') || mayImport[libOf(target)] !== undefined)) return []
    return [`${path} imports ${target}${lazy ? '' : ' statically'}: this arrow points up or aside`]
  })
}

function libOf(target: string): string {
  return target === 'burla' ? 'libs/sdk' : target.replace('@burla/', 'libs/')
}

test('every arrow between packages points down', () => {
  const files = globSync('{apps,libs}/*/src/**/*.ts', { cwd: root })
  expect(files.length).toBeGreaterThan(30)
  expect(files.flatMap((path) => faultsOf(path, readFileSync(join(root, path), 'utf8')))).toEqual([])
})

test('what a package.json asks for are arrows that point down too', () => {
  const faults = Object.entries(mayImport).flatMap(([home, allowed]) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>
    }
    const also = mayImportLazily[home] ?? []
    return Object.keys(dependencies)
      .filter((name) => /^(@burla\/|burla$)/.test(name) || onlyInQueue.includes(name))
      .filter((name) => !allowed.includes(name) && !also.includes(name))
      .map((name) => `${home} depends on ${name}`)
  })
  expect(faults).toEqual([])
})

test.each([
  ['libs/protocol/src/a.ts', "import type { Redis } from '@burla/queue'"],
  ['libs/protocol/src/a.ts', "import { readFileSync } from 'node:fs'"],
  ['libs/queue/src/a.ts', "export * from '@burla/local-cluster'"],
  ['libs/sdk/src/a.ts', "import {\n  startLocalCluster,\n} from '@burla/local-cluster'"],
  ['libs/sdk/src/a.ts', "import type { Queue } from 'bullmq'"],
  ['libs/sdk/src/a.ts', "const { api } = await import('@burla/api')"],
  ['libs/local-cluster/src/a.ts', "import '../../../apps/api/src/main.ts'"],
  ['apps/api/src/a.ts', "import { claim } from '@burla/node-agent'"],
  ['apps/api/src/a.ts', "import { Redis } from 'ioredis'"],
  ['apps/api/src/a.ts', "import { useRedis } from '@burla/testkit'"],
  ['apps/api/src/a.test.ts', "import { burla } from '@burla/runner'"],
  ['apps/dashboard/src/a.ts', "import 'react'"],
])('in %s, "%s" is found', (path, code) => {
  expect(faultsOf(path, code)).toHaveLength(1)
})

test.each([
  ['libs/sdk/src/a.ts', "import type { LocalCluster } from '@burla/local-cluster'"],
  ['libs/sdk/src/a.ts', "const { startLocalCluster } = await import('@burla/local-cluster')"],
  ['libs/queue/src/a.ts', "import { Redis } from 'ioredis'\nimport { jobKeys } from '@burla/protocol'"],
  ['apps/api/src/a.test.ts', "import { useRedis } from '@burla/testkit'"],
  ['apps/api/src/routes/a.ts', "import { schemas } from '../schemas.ts'"],
])('in %s, "%s" is right', (path, code) => {
  expect(faultsOf(path, code)).toEqual([])
})
