/** Writes `docs/METRICS.md` from the declarations, so that no metric can be missing in it. */
import { Registry } from 'prom-client';
import { createMetrics } from '../src/base/metrics.ts';

const HEADER = `# Metrics

Served as \`/metrics\` on the admin port (\`admin.address\`, \`admin.port\`; default 127.0.0.1:9090).
Labels come from closed sets: no address, user name, subject or file name is ever a label.
Beside these there are the standard \`process_…\` and \`nodejs_…\` metrics of prom-client.

Generated from \`src/base/metrics.ts\` by \`npm run generate\`.
`;

interface Row {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** prom-client keeps the label names of a metric in a field that its types do not show. */
function labelNamesOf(metric: object): readonly string[] {
  const names: unknown = Reflect.get(metric, 'labelNames');
  return Array.isArray(names) ? names.map(String) : [];
}

async function rows(): Promise<readonly Row[]> {
  const registry = new Registry();
  const metrics = createMetrics(registry);
  const described = await registry.getMetricsAsJSON();
  return Object.values(metrics).map((metric) => {
    const name = String(Reflect.get(metric, 'name'));
    const found = described.find((one) => one.name === name);
    return { name, type: String(found?.type), labels: labelNamesOf(metric), help: found?.help ?? '' };
  });
}

/** `postern_scan_queue_seconds` belongs to the subsystem `scan`. */
function subsystemOf(name: string): string {
  return name.split('_')[1] ?? '';
}

export async function renderMetrics(): Promise<string> {
  const all = await rows();
  const subsystems = [...new Set(all.map(({ name }) => subsystemOf(name)))];
  const sections = subsystems.map((subsystem) => {
    const lines = all
      .filter(({ name }) => subsystemOf(name) === subsystem)
      .map(({ name, type, labels, help }) => {
        const list = labels.map((label) => `\`${label}\``).join(', ');
        return `| \`${name}\` | ${type} | ${list} | ${help} |`;
      });
    return [`## ${subsystem}`, '', '| Name | Type | Labels | Meaning |', '|---|---|---|---|', ...lines].join(
      '\n',
    );
  });
  return `${[HEADER, ...sections].join('\n\n').replaceAll('\n\n\n', '\n\n')}\n`;
}
