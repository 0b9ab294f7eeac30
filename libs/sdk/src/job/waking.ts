/** A loop sleeps until something has changed; whoever changes it wakes the loop. A wake while nobody sleeps is kept. */
export interface Waking {
  sleep(): Promise<void>
  wake(): void
}

export function createWaking(): Waking {
  let wakeSleeper: (() => void) | undefined
  let woken = false
  return {
    sleep: () =>
      new Promise((resolve) => {
        if (woken) resolve()
        else wakeSleeper = resolve
        woken = false
      }),
    wake() {
      if (wakeSleeper) wakeSleeper()
      else woken = true
      wakeSleeper = undefined
    },
  }
}
