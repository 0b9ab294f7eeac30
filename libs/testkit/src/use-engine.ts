import { afterAll, beforeEach, expect, inject } from 'vitest'
import { labelled, removeLabelled } from './docker-command.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** why tests with containers are skipped; undefined: they are not */
    noEngine: string | undefined
    /** names of all that this run makes on the engine begin with it */
    projectPrefix: string
    /** our runner, for containers of any image */
    codeFolder: string
  }
}

export interface TestEngine {
  /** false: the tests of this file are skipped, and nothing may be started for them */
  readonly answers: boolean
  readonly codeFolder: string
  /** Names a cluster, or a compose project; what carries the name as its label must be gone after the last test. */
  newProject(): string
}

/** How a project is known on the engine: by what our agents, and what compose, write on all that they make. */
export const projectLabels = (project: string) => [`burla.cluster=${project}`, `com.docker.compose.project=${project}`]

/** A Docker engine for this test file; where none answers its tests are skipped, with the reason. */
export function useEngine(): TestEngine {
  const noEngine = inject('noEngine')
  const projects: string[] = []
  beforeEach(({ skip }) => skip(noEngine !== undefined, noEngine))
  afterAll(async () => {
    const labels = projects.flatMap(projectLabels)
    const left = (await Promise.all(labels.map(labelled))).flat()
    for (const label of labels) await removeLabelled(label)
    expect(left).toEqual([])
  })
  return {
    answers: noEngine === undefined,
    codeFolder: inject('codeFolder'),
    newProject() {
      const project = `${inject('projectPrefix')}${Math.random().toString(36).slice(2, 7)}`
      projects.push(project)
      return project
    },
  }
}
