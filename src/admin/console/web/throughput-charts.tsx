import { useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { LineChart } from './line-chart.tsx';
import { Failure, useEvery } from './loading.tsx';
import { parseMetrics, quantileOf, rateOf, type Scrape } from './metrics-text.ts';
import { bytesText } from './texts.tsx';

const INTERVAL_MS = 2_000;
/** Five minutes. */
const POINTS = 150;
const LATENCY = 'postern_gateway_added_latency_seconds';

interface Point {
  readonly at: number;
  readonly messages: number;
  readonly bytes: number;
  readonly median: number | null;
  readonly high: number | null;
}

function pointOf(before: Scrape, now: Scrape): Point {
  return {
    at: now.at / 1_000,
    messages: rateOf('postern_scan_messages_total', before, now),
    bytes: rateOf('postern_gateway_bytes_total', before, now),
    median: quantileOf(LATENCY, 0.5, before, now) ?? null,
    high: quantileOf(LATENCY, 0.95, before, now) ?? null,
  };
}

const column = (points: readonly Point[], key: Exclude<keyof Point, 'at'>): (number | null)[] =>
  points.map((point) => point[key]);

function chartData(
  points: readonly Point[],
  ...keys: readonly Exclude<keyof Point, 'at'>[]
): uPlot.AlignedData {
  return [points.map(({ at }) => at), ...keys.map((key) => column(points, key))];
}

const MESSAGES = [{ label: 'messages', colour: '--accent' }];
const BYTES = [{ label: 'bytes', colour: '--accent' }];
const QUANTILES = [
  { label: 'median', colour: '--accent' },
  { label: '95th percentile', colour: '--yellow' },
];
const perSecond = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)}/s`;
const bytesPerSecond = (value: number): string => `${bytesText(value)}/s`;
const milliseconds = (value: number): string => `${(value * 1_000).toFixed(value < 0.01 ? 1 : 0)} ms`;

/** What goes through now, from the metrics that Prometheus reads as well. */
export function ThroughputCharts() {
  const [points, setPoints] = useState<readonly Point[]>([]);
  const [error, setError] = useState('');
  const last = useRef<Scrape>(undefined);
  const scrape = async (): Promise<void> => {
    const response = await fetch('/metrics');
    const now = parseMetrics(await response.text(), Date.now());
    const before = last.current;
    last.current = now;
    if (before !== undefined) setPoints((old) => [...old, pointOf(before, now)].slice(-POINTS));
  };
  useEvery(INTERVAL_MS, () => {
    scrape().then(
      () => setError(''),
      () => setError('the metrics cannot be read'),
    );
  });
  return (
    <div class="charts">
      <Failure text={error} />
      <LineChart
        title="Throughput"
        series={MESSAGES}
        data={chartData(points, 'messages')}
        format={perSecond}
        least={1}
      />
      <LineChart
        title="Traffic"
        series={BYTES}
        data={chartData(points, 'bytes')}
        format={bytesPerSecond}
        least={1_024}
      />
      <LineChart
        title="Added latency"
        series={QUANTILES}
        data={chartData(points, 'median', 'high')}
        format={milliseconds}
        least={0.01}
      />
    </div>
  );
}
