/** The classes of errors that a function can throw, so that its caller can tell them apart by `instanceof`. */
import { types } from 'node:util'
import { prototypesOf } from './lineage.ts'

export type ErrorClass = new (...args: never[]) => Error

/** Those among `values`; no getter and no trap of a Proxy runs. */
export function errorClassesAmong(values: Iterable<unknown>): ErrorClass[] {
  return [...values].filter(isErrorClass)
}

function isErrorClass(value: unknown): value is ErrorClass {
  if (typeof value !== 'function' || types.isProxy(value)) return false
  const prototype: unknown = Object.getOwnPropertyDescriptor(value, 'prototype')?.value
  if (typeof prototype !== 'object' || prototype === null || types.isProxy(prototype)) return false
  return [...prototypesOf(prototype)].includes(Error.prototype)
}
