/** Smoothing by nearest neighbours: a local module, as your own would be. It travels with the function that uses it. */
import { mean } from 'simple-statistics'

export interface Point {
  x: number
  y: number
}

export interface Parameters {
  /** how many of the nearest points are averaged */
  neighbours: number
  /** 0: all of them count the same; more: near ones count more */
  nearness: number
}

export function predict(known: Point[], x: number, { neighbours, nearness }: Parameters): number {
  const nearest = known
    .map((point) => ({ y: point.y, distance: Math.abs(point.x - x) }))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, neighbours)
  const weights = nearest.map(({ distance }) => 1 / (distance + 0.01) ** nearness)
  return mean(nearest.map(({ y }, at) => (y * weights[at]!) / mean(weights)))
}
