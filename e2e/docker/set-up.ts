/**
 * Before the first test with containers: is there an engine, are the images what the code is now, and is nothing left of
 * a run that was killed. Everything that tests make belongs to a project named after the process that runs them.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { dockerLines, removeLabelled } from '@burla/testkit'
import type { TestProject } from 'vitest/node'
import { imageTag } from './compose-cluster.ts'

const root = join(import.meta.dirname, '../..')
const projects = /^burla-test-(\d+)/

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const noEngine = await whyNoEngine()
  project.provide('noEngine', noEngine)
  project.provide('projectPrefix', `burla-test-${process.pid}-`)
  const built = join(root, 'node_modules/.cache/burla-services')
  project.provide('codeFolder', join(built, 'runner'))
  if (noEngine !== undefined) {
    console.warn(`tests with containers are skipped: ${noEngine}`)
    return () => Promise.resolve()
  }
  await sweep((pid) => !isAlive(pid))
  mkdirSync(built, { recursive: true })
  execFileSync(process.execPath, [join(root, 'scripts/build/services.ts'), built], { stdio: 'inherit' })
  const env = { ...process.env, BURLA_IMAGE_TAG: imageTag }
  execFileSync('docker', ['compose', 'build', '--quiet'], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
  return () => sweep((pid) => pid === process.pid)
}

async function whyNoEngine(): Promise<string | undefined> {
  try {
    const [version = ''] = await dockerLines('compose', 'version', '--short')
    if (Number.parseInt(version.replace(/^v/, '')) < 2) return `docker compose is ${version}; version 2 is needed`
    await dockerLines('version', '--format', '{{.Server.Version}}')
    return undefined
  } catch (error) {
    return `no Docker engine answers (${(error as Error).message.trim().split('\n').at(-1)})`
  }
}

/** Removes what is of test projects whose process `isOver`. */
async function sweep(isOver: (pid: number) => boolean): Promise<void> {
  for (const label of ['com.docker.compose.project', 'burla.cluster']) {
    const format = `{{.Label "${label}"}}`
    const seen = [
      ...(await dockerLines('ps', '-a', '--format', format)),
      ...(await dockerLines('network', 'ls', '--format', format)),
      ...(await dockerLines('volume', 'ls', '--format', format)),
    ]
    for (const name of new Set(seen)) {
      const pid = projects.exec(name)?.[1]
      if (pid !== undefined && isOver(Number(pid))) await removeLabelled(`${label}=${name}`)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
