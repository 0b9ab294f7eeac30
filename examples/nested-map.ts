/**
 * A map inside a map: how wiggly a curve should be that goes through noisy points. Each call tries one degree of
 * polynomial, and finds out how well it predicts points that it has not seen by a map of its own, over ten parts of the
 * data (ten-fold cross-validation). Both levels share the same nodes, one would be enough.
 */
import { burla } from 'burla'

const folds = 10
const points = Array.from({ length: 200 }, (_, n) => {
  const x = -1 + n / 100
  // What is to be found is a cubic; the noise is the same for each run.
  return { x, y: 1 - 2 * x + 3 * x ** 3 + 0.3 * Math.sin(n * n) }
})

const powers = (x: number, degree: number) => Array.from({ length: degree + 1 }, (_, power) => x ** power)

/** Least squares, by the normal equations and Gaussian elimination. */
function fit(training: { x: number; y: number }[], degree: number): number[] {
  const size = degree + 1
  const rows = Array.from({ length: size }, () => Array.from({ length: size + 1 }, () => 0))
  for (const { x, y } of training) {
    const basis = [...powers(x, degree), y]
    rows.forEach((row, r) => row.forEach((_, c) => (row[c]! += x ** r * basis[c]!)))
  }
  for (let pivot = 0; pivot < size; pivot++) {
    for (let r = 0; r < size; r++) {
      if (r === pivot) continue
      const factor = rows[r]![pivot]! / rows[pivot]![pivot]!
      rows[r] = rows[r]!.map((value, c) => value - factor * rows[pivot]![c]!)
    }
  }
  return rows.map((row, r) => row[size]! / row[r]!)
}

function squaredError(left: { x: number; y: number }[], weights: number[]): number {
  const errors = left.map(
    ({ x, y }) => y - powers(x, weights.length - 1).reduce((sum, p, n) => sum + p * weights[n]!, 0),
  )
  return errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length
}

const degrees = [1, 2, 3, 4, 5]
const errors = await burla.map(async (degree: number) => {
  const parts = await burla.map(
    (fold: number) => {
      const left = points.filter((_, n) => n % folds === fold)
      const training = points.filter((_, n) => n % folds !== fold)
      return squaredError(left, fit(training, degree))
    },
    Array.from({ length: folds }, (_, fold) => fold),
  )
  console.log(`degree ${degree}: tried on ${parts.length} parts`)
  return parts.reduce((sum, part) => sum + part, 0) / folds
}, degrees)

for (const [n, error] of errors.entries()) console.log(`degree ${degrees[n]}: off by ${Math.sqrt(error).toFixed(3)}`)
console.log(`best: degree ${degrees[errors.indexOf(Math.min(...errors))]}`)
