/**
 * Runs our Lua scripts by name; a connection learns them when it needs the first one. A line `-- with history` in a script
 * stands for the functions of `scripts/parts/history.lua`.
 */
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

const scripts = {
  append: 14,
  begin: 2,
  'take-place': 2,
  'leave-place': 1,
  inspect: 3,
  retry: 8,
  'give-back': 9,
  split: 6,
  lose: 10,
  claim: 4,
  renew: 2,
  release: 4,
  cancel: 2,
  announce: 2,
  take: 3,
  heartbeat: 2,
  'client-gone': 2,
  'even-when-full': 1,
  'read-kept': 2,
} as const

type ScriptName = keyof typeof scripts
type Caller = (...args: (string | number | Buffer)[]) => Promise<unknown>

const texts = new Map<ScriptName, string>()
const known = new WeakSet<Redis>()

export function runScript(
  redis: Redis,
  name: ScriptName,
  keys: string[],
  args: (string | number | Buffer)[],
): Promise<unknown> {
  define(redis)
  return commandNamed(redis, commandOf(name))(...keys, ...args)
}

/** Texts of the reply come as Buffers. */
export function runScriptForBytes(
  redis: Redis,
  name: ScriptName,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  define(redis)
  return commandNamed(redis, `${commandOf(name)}Buffer`)(...keys, ...args)
}

function define(redis: Redis): void {
  if (known.has(redis)) return
  for (const [script, numberOfKeys] of Object.entries(scripts) as [ScriptName, number][]) {
    redis.defineCommand(commandOf(script), { numberOfKeys, lua: textOf(script) })
  }
  known.add(redis)
}

function commandNamed(redis: Redis, name: string): Caller {
  const command = (redis as unknown as Record<string, Caller>)[name]
  if (!command) throw new Error(`no script ${name}`)
  return command.bind(redis)
}

function commandOf(name: ScriptName): string {
  return `burla-${name}`
}

function textOf(name: ScriptName): string {
  const text =
    texts.get(name) ??
    readScript(name).replaceAll(/^-- with (\S+)$/gm, (_, part: string) => readScript(`parts/${part}`))
  texts.set(name, text)
  return text
}

function readScript(path: string): string {
  return readFileSync(new URL(`./scripts/${path}.lua`, import.meta.url), 'utf8')
}
