/** The Nodes that the package promises to run on, from the npm package `node`, kept between runs. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache, npm } from './npm.ts'

/** The oldest and newest that are promised, and the one between; the last is the workspace's own. */
export const promised = { '20': '20.20.2', '22': '22.23.3', '24': process.versions.node } as const
export type Major = keyof typeof promised

export const majors = Object.keys(promised) as Major[]

/** Absolute path of a Node, fetched when it is not there yet. */
export function nodeOf(major: Major): string {
  const version = promised[major]
  if (version === process.versions.node) return process.execPath
  const folder = join(cache, `node-${version}`)
  const node = join(folder, 'node_modules/node/bin/node')
  if (existsSync(node)) return node
  console.log(`fetching Node ${version}`)
  mkdirSync(cache, { recursive: true })
  // It appears whole: several test files may fetch it at once, and one that is interrupted leaves nothing half.
  const fresh = mkdtempSync(`${folder}-`)
  try {
    // It downloads nothing itself: its install script puts the binary of another package in place.
    writeFileSync(join(fresh, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }))
    npm(['install', `node@${version}`], { cwd: fresh })
    if (!existsSync(node)) rmSync(folder, { recursive: true, force: true })
    renameSync(fresh, folder)
  } catch (error) {
    if (!existsSync(node)) throw error
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return node
}
