/** docs/cli.md has the help of every command, word by word: `npx vitest run libs/sdk/src/cli -u` writes it anew. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from './program.ts'

const file = join(import.meta.dirname, '../../../../docs/cli.md')

const introduction = `# The command \`burla\`

What follows is what each command says with \`--help\`. \`--json\` answers with one JSON document on stdout, never asks
anything, and has times as epoch ms; without it, tables fit the terminal, and colours are used only on a terminal and not
with \`NO_COLOR\`. What went wrong is said on stderr, in one sentence, and by the exit code.
`

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)]
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (more) => (text += more) })
  command.outputHelp()
  return text.trim()
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
}

test('docs/cli.md says what --help says', async () => {
  const sections = commandsOf(createProgram()).map(
    (command) => `## ${nameOf(command)}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`,
  )
  await expect([introduction, ...sections].join('\n')).toMatchFileSnapshot(file)
})

test('every command teaches with an example, within 80 columns', () => {
  for (const command of commandsOf(createProgram())) {
    const help = helpOf(command)
    expect([nameOf(command), /Examples?:\n {2}\$ burla /.test(help)]).toEqual([nameOf(command), true])
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
  }
})
