/**
 * A sweep over two parameters of a model, each combination judged by cross-validation. The function uses a local module
 * (`model.ts`) and a package (`simple-statistics`): neither is registered, built or deployed.
 */
import { mean } from 'simple-statistics'
import { burla } from 'burla'
import { predict, type Parameters, type Point } from './model.ts'

const points: Point[] = Array.from({ length: 240 }, (_, at) => {
  const x = at / 20
  const noise = 0.3 * Math.sin(at * 12.9898) * Math.cos(at * 78.233)
  return { x, y: Math.sin(x) + noise }
})
const folds = 6

const combinations: Parameters[] = [1, 2, 4, 8, 16, 32, 64].flatMap((neighbours) =>
  [0, 0.5, 1, 2].map((nearness) => ({ neighbours, nearness })),
)

const errors = await burla.map(
  (parameters: Parameters) => {
    const squares = points.map(({ x, y }, at) => {
      const others = points.filter((_, other) => other % folds !== at % folds)
      return (predict(others, x, parameters) - y) ** 2
    })
    return Math.sqrt(mean(squares))
  },
  combinations,
  { name: 'sweep' },
)

const ranked = combinations
  .map((parameters, at) => ({ ...parameters, error: errors[at]! }))
  .sort((one, other) => one.error - other.error)
for (const { neighbours, nearness, error } of ranked.slice(0, 3)) {
  console.log(`${neighbours} neighbours, nearness ${nearness}: off by ${error.toFixed(4)}`)
}
console.log(`the worst of ${ranked.length}: off by ${ranked.at(-1)!.error.toFixed(4)}`)
