import { expect, test } from 'vitest'
import { createWindow } from './windows.ts'

const limits = { inputs: 3, bytes: 100, inputsPerSlot: 2 }

test('P6 a window is full at its number of inputs, and has room again when a result was taken', () => {
  const window = createWindow({ ...limits, inputsPerSlot: 1 })
  for (const index of [0, 1, 2]) {
    expect(window.hasRoom()).toBe(true)
    window.add(index, 1)
  }
  expect(window.hasRoom()).toBe(false)
  window.remove(1)
  expect(window.hasRoom()).toBe(true)
})

test('P6 a window is full at its number of bytes', () => {
  const window = createWindow({ ...limits, inputsPerSlot: 1 })
  window.add(0, 60)
  expect(window.hasRoom()).toBe(true)
  window.add(1, 60)
  expect(window.hasRoom()).toBe(false)
  window.remove(0)
  expect(window).toMatchObject({ bytes: 60, inputs: 1 })
  expect(window.hasRoom()).toBe(true)
})

test('P6 large inputs still fill every slot of the job', () => {
  const window = createWindow(limits)
  window.setSlots(2)
  for (const index of [0, 1, 2, 3]) {
    expect(window.hasRoom()).toBe(true)
    window.add(index, 1_000)
  }
  expect(window.hasRoom()).toBe(false)
})

test('a window that was full is filled again in chunks, not one by one', () => {
  const window = createWindow({ inputs: 100, bytes: 1e9, inputsPerSlot: 1 })
  for (let index = 0; index < 100; index++) window.add(index, 1)
  expect(window.hasRoom()).toBe(false)
  for (let index = 0; index < 5; index++) window.remove(index)
  expect(window.hasRoom()).toBe(false)
  window.remove(5)
  expect(window.hasRoom()).toBe(true)
  window.add(100, 1)
  expect(window.hasRoom()).toBe(true)
})

test('P1 a second result of an input is told apart', () => {
  const window = createWindow(limits)
  window.add(0, 1)
  expect(window.remove(0)).toBe(true)
  expect(window.remove(0)).toBe(false)
  expect(window.remove(7)).toBe(false)
})
