/** Redis does not start on data that it cannot read, and its log says why. Our sentence says what to do. */

/** `lines`: the end of its log. Undefined when it is not the data. A torn end of the file is no fault: Redis cuts it off. */
export function dataFault(lines: string[], folder: string): string | undefined {
  const text = lines.join('\n')
  const version = /Can't handle RDB format version (\d+)/.exec(text)?.[1]
  if (version !== undefined) {
    return (
      `The data in ${folder} was written by a newer Redis than this one (its format is ${version}). ` +
      'Use that Redis, or move the folder away to start without its jobs.'
    )
  }
  if (
    /Bad file format reading the append only file|Internal error in RDB reading|Wrong signature|corrupt/i.test(text)
  ) {
    return (
      `The data in ${folder} is damaged. \`redis-check-aof --fix\` on the manifest in its appendonlydir/ keeps what can be read; ` +
      'or move the folder away to start without its jobs.'
    )
  }
  return undefined
}
