import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchOomKills } from './oom-kills.ts'

let root: string
beforeEach(() => (root = `${mkdtempSync(join(tmpdir(), 'burla-test-'))}/`))
afterEach(() => rmSync(root, { recursive: true }))

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

const v1 = '9:name=systemd:/docker/a\n4:cpu,memory:/docker/a\n0::/docker/a\n'
const control = (kills: number) => `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`
const events = (kills: number) => `low 0\noom 7\noom_kill ${kills}\noom_group_kill 9\n`

test.each<[string, string, string, (kills: number) => string]>([
  ['version 1, in a container', v1, 'sys/fs/cgroup/memory/memory.oom_control', control],
  ['version 1, of a service', v1, 'sys/fs/cgroup/memory/docker/a/memory.oom_control', control],
  ['version 2, in a container', '0::/\n', 'sys/fs/cgroup/memory.events', events],
  ['version 2, of a service', '0::/user.slice/b\n', 'sys/fs/cgroup/user.slice/b/memory.events', events],
  ['no control group: the machine', '0::/\n', 'proc/vmstat', (kills) => `nr_free 5\noom_kill ${kills}\n`],
])('each kill is claimed once; those before count for nobody (%s)', (_, groups, file, text) => {
  write('proc/self/cgroup', groups)
  write('proc/vmstat', 'oom_kill 99\n')
  write(file, text(3))
  const kills = watchOomKills(root)
  expect(kills.claim()).toBe(false)
  write(file, text(5))
  expect([kills.claim(), kills.claim(), kills.claim()]).toEqual([true, true, false])
})

test('where nobody counts, nothing was killed for memory', () => {
  expect(watchOomKills(root).claim()).toBe(false)
})
