/** Why an input gets an error without being run. */
import type { InputData } from '@burla/queue'
import { checkCodec, InputLostError, lossesPerInput, type BurlaError } from '@burla/protocol'

/** The list was pushed by a program of another version: its inputs cannot be read, which is their result. */
export function unknownCodec({ c, i }: InputData): BurlaError | undefined {
  try {
    checkCodec(c, { what: `inputs[${i[0]}]`, from: 'program' })
    return undefined
  } catch (error) {
    return error as BurlaError
  }
}

export function lostError(index: number): BurlaError {
  return new InputLostError(
    'INPUT_LOST',
    `input ${index} was running on ${lossesPerInput} runners that were lost, the last time alone; it is not tried again. ` +
      'It may have killed them: run the function on this input by itself, with more memory.',
    { inputIndex: index },
  )
}
