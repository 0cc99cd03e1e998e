/** `npm run generate`: writes the files that follow from the source. A test fails when one of them is stale. */
import { writeFileSync } from 'node:fs';
import { CONFIG_JSON_SCHEMA } from '../src/base/config/keys.ts';
import { renderDashboardGuide, renderDashboards } from './observability/dashboards.ts';
import { renderLoadGuide } from './observability/load-guide.ts';
import { renderAlertRules, renderRecordingRules, renderRunbook } from './observability/rule-files.ts';
import { renderConfigYaml } from './render-config-yaml.ts';
import { renderMetrics } from './render-metrics.ts';

/** Every generated file by its path from the root of the project. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const schema = { title: 'Postern configuration', ...CONFIG_JSON_SCHEMA };
  return new Map([
    ['config/gateway.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['config/gateway.yaml', renderConfigYaml()],
    ['docs/METRICS.md', await renderMetrics()],
    ['docs/RUNBOOK.md', renderRunbook()],
    ['config/prometheus/recording-rules.yaml', renderRecordingRules()],
    ['config/prometheus/alerts.yaml', renderAlertRules()],
    ['grafana/README.md', renderDashboardGuide()],
    ['load-tests/README.md', renderLoadGuide()],
    ...renderDashboards(),
  ]);
}

if (import.meta.main) {
  for (const [path, text] of await generatedFiles()) {
    writeFileSync(path, text);
    console.log(path);
  }
}
