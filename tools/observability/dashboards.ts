import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { DashboardPlan, PanelPlan } from './dashboard-plan.ts';
import { SCANNING } from './scanning-dashboard.ts';
import { SERVICE_LEVELS } from './service-levels-dashboard.ts';
import { THRESHOLDS } from './thresholds.ts';
import { TRAFFIC } from './traffic-dashboard.ts';
import { WORKERS } from './workers-dashboard.ts';

export const DASHBOARDS: readonly DashboardPlan[] = [SERVICE_LEVELS, TRAFFIC, SCANNING, WORKERS];

/** The uid in grafana/provisioning/datasources/prometheus.yaml. */
const DATASOURCE = { type: 'prometheus', uid: 'prometheus' };
const SIZES = { stat: { w: 6, h: 5 }, timeseries: { w: 12, h: 8 } };
const GRID_WIDTH = 24;

function queryOf(query: PanelPlan['queries'][number], index: number): DataqueryBuilder {
  const refId = String.fromCodePoint(65 + index);
  return new DataqueryBuilder()
    .refId(refId)
    .expr(query.expr)
    .legendFormat(query.legend)
    .datasource(DATASOURCE)
    .range();
}

function plot(hasThreshold: boolean): TimeseriesBuilder {
  const mode = hasThreshold ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off;
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
  return new TimeseriesBuilder()
    .min(0)
    .fillOpacity(10)
    .legend(legend)
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(mode));
}

function panelOf(plan: PanelPlan, place: { x: number; y: number }): StatBuilder | TimeseriesBuilder {
  const panel = plan.kind === 'stat' ? new StatBuilder() : plot(plan.threshold !== undefined);
  panel
    .title(plan.title)
    .description(plan.question)
    .unit(plan.unit)
    .datasource(DATASOURCE)
    .gridPos({ ...place, ...SIZES[plan.kind] });
  plan.queries.forEach((query, index) => panel.withTarget(queryOf(query, index)));
  if (plan.threshold !== undefined) {
    const steps = [
      { value: null, color: 'green' },
      { value: THRESHOLDS[plan.threshold].value, color: 'red' },
    ];
    panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  }
  return panel;
}

function dashboardOf(plan: DashboardPlan): unknown {
  const dashboard = new DashboardBuilder(plan.title)
    .uid(`postern-${plan.name}`)
    .tags(['postern'])
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .readonly();
  let [x, y, rowHeight] = [0, 0, 0];
  for (const panel of plan.panels) {
    const { w, h } = SIZES[panel.kind];
    if (x + w > GRID_WIDTH) {
      [x, y, rowHeight] = [0, y + rowHeight, 0];
    }
    dashboard.withPanel(panelOf(panel, { x, y }));
    x += w;
    rowHeight = Math.max(rowHeight, h);
  }
  return dashboard.build();
}

/** grafana/dashboards/*.json by path. */
export function renderDashboards(): ReadonlyMap<string, string> {
  return new Map(
    DASHBOARDS.map((plan) => [
      `grafana/dashboards/${plan.name}.json`,
      `${JSON.stringify(dashboardOf(plan), null, 2)}\n`,
    ]),
  );
}

function panelRow({ title, question, queries, threshold }: PanelPlan): string {
  const metrics = queries.flatMap(
    ({ expr }) => expr.match(/\b(?:job:)?(?:postern|process)_[\w:]+|\bup\b/gu) ?? [],
  );
  const limit = threshold === undefined ? '' : `${THRESHOLDS[threshold].value} ${THRESHOLDS[threshold].unit}`;
  const names = [...new Set(metrics)].map((name) => `\`${name}\``).join(', ');
  return `| ${title} | ${question} | ${names} | ${limit} |`;
}

/** grafana/README.md: panel, question, metric, threshold. */
export function renderDashboardGuide(): string {
  const sections = DASHBOARDS.map(
    ({ name, title, panels }) =>
      `## ${title}\n\n\`dashboards/${name}.json\`\n\n| Panel | Question | Metrics | Threshold |\n|---|---|---|---|\n${panels.map(panelRow).join('\n')}\n`,
  );
  return `# Dashboards

Generated from \`tools/observability/*-dashboard.ts\` by \`npm run generate\`; thresholds come from \`load-tests/thresholds.json\`. \`provisioning/\` is for Grafana's \`/etc/grafana/provisioning\`; it expects the dashboards in \`/var/lib/grafana/dashboards\` and Prometheus at \`http://prometheus:9090\`.

${sections.join('\n')}`;
}
