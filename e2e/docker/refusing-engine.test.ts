/** P7: an engine that refuses to start a runner. */
import { burla } from 'burla'
import { docker, dockerLines, labelled, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { useCompose } from './use-compose.ts'

const cluster = useCompose({ nodes: 2, cpusPerNode: 1 })

/** The network of each node goes: the engine starts no container that wants to be in it. */
async function removeNetworks(): Promise<void> {
  const made = await labelled(`burla.cluster=${cluster.project}`)
  for (const line of made.filter((each) => each.startsWith('network '))) {
    const network = line.slice('network '.length)
    const members = '{{range $id, $_ := .Containers}}{{println $id}}{{end}}'
    for (const id of await dockerLines('network', 'inspect', '-f', members, network)) {
      await docker('network', 'disconnect', '-f', network, id)
    }
    await docker('network', 'rm', network)
  }
}

test('P7 the nodes say why they can start no runner, and when they can again the job runs', async () => {
  await until('each node has its warm runner', async () => (await cluster.runners()).length === 2)
  await removeNetworks()
  await docker('kill', ...(await cluster.runners()))
  const results = burla.map((n: number) => n + 1, [1, 2, 3])
  const faults = until('a node says why', async () => {
    const found = (await burla.nodes()).map(({ fault }) => fault)
    return found.find((fault) => fault !== null)
  })
  expect(await faults).toMatch(/network burla-\S+ not found/)
  expect(await results).toEqual([2, 3, 4])
  await until('no node has a fault', async () => (await burla.nodes()).every(({ fault }) => fault === null))
})
