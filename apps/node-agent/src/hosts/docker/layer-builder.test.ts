import { expect, test } from 'vitest'
import { builderSpec } from './layer-builder.ts'

test('P9 install scripts have nothing of the cluster: no credential, no network of it, no folder but their own', () => {
  const npm = { registry: 'http://registry.test/', network: 'bridge' }
  const { HostConfig, ...spec } = builderSpec({ labels: {}, image: 'default', memoryGiB: 1, npm }, 'image', ['ci'])
  expect(spec).toMatchObject({ Image: 'image', Entrypoint: ['npm'], Cmd: ['ci'], User: '1000:1000' })
  expect(spec.Env).toEqual([
    'HOME=/build/home',
    'npm_config_cache=/build/home/cache',
    'npm_config_registry=http://registry.test/',
    'npm_config_update_notifier=false',
  ])
  expect(HostConfig).toMatchObject({
    NetworkMode: 'bridge',
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    PidsLimit: 4096,
    Memory: 2 ** 30,
    Mounts: [{ Type: 'volume', Source: '', Target: '/build' }],
  })
  expect(HostConfig).not.toHaveProperty('Binds')
  expect(HostConfig).not.toHaveProperty('Privileged')
})
