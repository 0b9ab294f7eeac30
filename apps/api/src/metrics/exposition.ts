/** Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

export interface Metric {
  /** with its unit, and `_total` where it only grows */
  name: string
  help: string
  type: 'gauge' | 'counter' | 'histogram'
  samples: Sample[]
}

export interface Sample {
  value: number
  labels?: Record<string, string>
  /** of a histogram: which of its series this is */
  series?: '_bucket' | '_sum' | '_count'
}

export function encodeMetrics(metrics: Metric[]): string {
  return metrics.map(encodeMetric).join('')
}

function encodeMetric({ name, help, type, samples }: Metric): string {
  const head = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
  return (
    head +
    samples.map(({ series = '', labels = {}, value }) => `${name}${series}${encodeLabels(labels)} ${value}\n`).join('')
  )
}

function encodeLabels(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
