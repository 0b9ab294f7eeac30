/**
 * Stacks of functions that a tool has rewritten before they were run (tsx, a bundler) name places in what was run. This
 * process has the source maps, so stacks are told in the user's own files here, and only when one is asked for.
 */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Script } from '../inspect/scripts.ts'

const maps = new WeakMap<Script, SourceMap | undefined>()

/** Frames in one of `scripts` name the place that the user wrote; where that is not known they stay as they are. */
export function userStack(stack: string, scripts: Iterable<Script>): string {
  let told = stack
  for (const script of scripts) {
    if (script.sourceMapUrl === '' || script.url === '' || !stack.includes(script.url)) continue
    told = told
      .split('\n')
      .map((line) => (/^\s+at /.test(line) ? inUserFile(line, script) : line))
      .join('\n')
  }
  return told
}

function inUserFile(frame: string, script: Script): string {
  const start = frame.indexOf(`${script.url}:`)
  const place = start < 0 ? null : /^:(\d+):(\d+)/.exec(frame.slice(start + script.url.length))
  const map = place && mapOf(script)
  if (!map) return frame
  const line = Number(place[1]) - 1 - script.startLine
  const column = Number(place[2]) - 1 - (line === 0 ? script.startColumn : 0)
  const found = map.findEntry(line, column)
  if (!('originalSource' in found)) return frame
  const end = start + script.url.length + place[0].length
  return `${frame.slice(0, start)}${addressOf(found.originalSource, script)}:${found.originalLine + 1}:${found.originalColumn + 1}${frame.slice(end)}`
}

function mapOf(script: Script): SourceMap | undefined {
  if (!maps.has(script)) {
    maps.set(script, readMap(script))
  }
  return maps.get(script)
}

function readMap(script: Script): SourceMap | undefined {
  try {
    const map = JSON.parse(textOf(script)) as SourceMapPayload
    // Node's own reader leaves the root out.
    const root = map.sourceRoot ? `${map.sourceRoot.replace(/\/$/, '')}/` : ''
    return new SourceMap({ ...map, sources: map.sources.map((source) => root + source) })
  } catch {
    // one that is gone or no source map tells nothing, as with Node's --enable-source-maps
    return undefined
  }
}

function textOf({ sourceMapUrl, url }: Script): string {
  const inline = /^data:[^,]*?(;base64)?,/.exec(sourceMapUrl)
  if (!inline) return readFileSync(new URL(sourceMapUrl, baseOf(url)), 'utf8')
  const data = sourceMapUrl.slice(inline[0].length)
  return inline[1] ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data)
}

/** As the script itself is named: by URL or by path. A source is relative to the map, which is beside the script. */
function addressOf(source: string, { url, sourceMapUrl }: Script): string {
  const base = sourceMapUrl.startsWith('data:') ? baseOf(url) : new URL(sourceMapUrl, baseOf(url))
  const address = new URL(source, base)
  if (address.protocol !== 'file:') return source
  return url.startsWith('file:') ? address.href : fileURLToPath(address)
}

function baseOf(url: string): URL {
  return /^[a-z]{2,}:/.test(url) ? new URL(url) : pathToFileURL(url)
}
