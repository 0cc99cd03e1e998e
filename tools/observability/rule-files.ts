import { stringify } from 'yaml';
import { ALERTS, type Alert } from './alerts.ts';
import { RECORDING_RULES } from './recording-rules.ts';

const RUNBOOK = 'docs/RUNBOOK.md';
const HEAD =
  '# Generated from tools/observability by "npm run generate".\n# yamllint disable rule:line-length\n';
const FORMAT = { lineWidth: 0, defaultStringType: 'PLAIN' } as const;

function alertRule(alert: Alert) {
  return {
    alert: alert.name,
    expr: alert.expr,
    for: alert.for,
    labels: { severity: alert.severity },
    annotations: { summary: alert.summary, runbook: `${RUNBOOK}#${alert.name.toLowerCase()}` },
  };
}

export function renderRecordingRules(): string {
  return `${HEAD}${stringify({ groups: [{ name: 'postern-records', rules: RECORDING_RULES }] }, FORMAT)}`;
}

export function renderAlertRules(): string {
  return `${HEAD}${stringify({ groups: [{ name: 'postern-alerts', rules: ALERTS.map(alertRule) }] }, FORMAT)}`;
}

function runbookEntry(alert: Alert): string {
  const steps = alert.steps.map((step, index) => `${index + 1}. ${step}`).join('\n');
  return `## ${alert.name}

\`${alert.expr}\` for ${alert.for}; ${alert.severity}.

${alert.means}

${steps}
`;
}

/** docs/RUNBOOK.md: one section for each alert, found by its name. */
export function renderRunbook(): string {
  return `# Runbook

What to do about each alert of \`config/prometheus/alerts.yaml\`. \`page\`: somebody gets up; \`ticket\`: in working hours. Generated from \`tools/observability/alerts.ts\` by \`npm run generate\`; the numbers come from \`load-tests/thresholds.json\`.

${ALERTS.map(runbookEntry).join('\n')}`;
}
