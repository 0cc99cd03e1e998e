import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface ChartSeries {
  readonly label: string;
  /** Name of a custom property of the style sheet, so that colours follow the mode. */
  readonly colour: string;
}

interface LineChartProps {
  readonly title: string;
  readonly series: readonly ChartSeries[];
  /** Seconds since 1970, then one row for each series. */
  readonly data: uPlot.AlignedData;
  readonly format: (value: number) => string;
  /** What the scale reaches when nothing happens. */
  readonly least: number;
}

const HEIGHT = 180;
const AXIS_WIDTH = 80;

/** Room for one time of day, pixels. */
const TIME_WIDTH = 90;
/** Seconds between two of them. */
const TIME_STEPS = [1, 5, 10, 15, 30, 60, 120];
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

const timeOfDay = (seconds: number): string => CLOCK.format(new Date(seconds * 1_000));

const styleOf = (property: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(property).trim();

function optionsOf({ series, format, least }: LineChartProps, width: number): uPlot.Options {
  const axis = { stroke: () => styleOf('--text'), grid: { stroke: () => styleOf('--line'), width: 1 } };
  return {
    width,
    height: HEIGHT,
    // The caption has the last values, for every reader.
    legend: { show: false },
    series: [
      {},
      ...series.map(({ label, colour }) => ({
        label,
        stroke: () => styleOf(colour),
        width: 2,
        value: (_: uPlot, value: number | null) => (value === null ? '' : format(value)),
      })),
    ],
    axes: [
      { ...axis, space: TIME_WIDTH, incrs: TIME_STEPS, values: (_, values) => values.map(timeOfDay) },
      { ...axis, size: AXIS_WIDTH, values: (_, values) => values.map(format) },
    ],
    scales: { y: { range: (_, __, max) => [0, Math.max(max, least) * 1.1] } },
  };
}

/** Lines over time. The last values stand beside it as text for those who do not see it. */
export function LineChart(props: LineChartProps) {
  const { title, series, data, format } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = new uPlot(optionsOf(props, element.clientWidth), data, element);
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, []);
  useEffect(() => chart.current?.setData(data), [data]);
  const last = series.map(({ label }, index) => {
    const value = data[index + 1]?.at(-1);
    return `${label} ${typeof value === 'number' ? format(value) : 'none'}`;
  });
  return (
    <figure>
      <figcaption>
        {title}: {last.join(', ')}
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
}
