/** The engine as tests see it: through the `docker` command, so that they look from outside. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What the command printed, without the line end; rejects with its own words. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trimEnd()
}

/** Each line that the command printed. */
export async function dockerLines(...args: string[]): Promise<string[]> {
  return (await docker(...args)).split('\n').filter((line) => line !== '')
}

/** All that an engine has with this label, as `kind name` lines: containers, networks and volumes. */
export async function labelled(label: string): Promise<string[]> {
  const filter = ['--filter', `label=${label}`]
  const kinds = {
    container: ['ps', '-a', '--format', '{{.Names}}'],
    network: ['network', 'ls', '--format', '{{.Name}}'],
    volume: ['volume', 'ls', '--format', '{{.Name}}'],
  }
  const found = Object.entries(kinds).map(async ([kind, args]) =>
    (await dockerLines(...args, ...filter)).map((name) => `${kind} ${name}`),
  )
  return (await Promise.all(found)).flat()
}

/** Removes all that has the label, whatever state it is in. */
export async function removeLabelled(label: string): Promise<void> {
  const found = await labelled(label)
  const names = (kind: string) =>
    found.filter((line) => line.startsWith(`${kind} `)).map((line) => line.split(' ')[1] ?? '')
  for (const name of names('container')) await docker('rm', '-fv', name).catch(() => undefined)
  for (const name of names('network')) {
    const members = await dockerLines(
      'network',
      'inspect',
      '-f',
      '{{range $id, $_ := .Containers}}{{println $id}}{{end}}',
      name,
    )
    for (const id of members) await docker('network', 'disconnect', '-f', name, id).catch(() => undefined)
    await docker('network', 'rm', name).catch(() => undefined)
  }
  for (const name of names('volume')) await docker('volume', 'rm', '-f', name).catch(() => undefined)
}
