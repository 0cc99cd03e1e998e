import { effectiveListeners } from '../base/config/listeners.ts';
import { ConfigError, formatProblem, UnreadableConfig, type ConfigProblem } from '../base/config/problem.ts';
import type { Config } from '../base/config/schema.ts';
import { configWarnings } from '../base/config/warnings.ts';
import { GatewayError } from '../base/errors.ts';
import type { RuleProblem } from '../scan/engines/yara-sources.ts';
import { RulesRefused } from '../workers/rule-compiler.ts';
import { recordObstacle } from '../workers/unfinished/record-place.ts';
import { EXIT_FAILED, EXIT_NO, EXIT_OK, readArguments, type Command, type Roof } from './command.ts';
import { CONFIG_HELP, configPath, loadFrom } from './config-source.ts';
import type { Io } from './io.ts';
import { createStderrLogger } from './stderr-logger.ts';
import { formatTable, printable } from './terminal-text.ts';

const HELP = `Usage: postern check [--config FILE] [--json]

Checks the configuration and the rules that it names, and shows what the gateway would do. Nothing is started.
Every problem is shown with file, line, column and remedy.

  --json          one JSON object:
                  {"ok","config","problems":[{"where","key","what"}],"warnings","listeners",
                  "rules":{"count","generation"}}
${CONFIG_HELP}
  --help          this text

Exit code: 0 valid; 1 not valid; 2 could not be checked.
`;

interface CheckResult {
  readonly ok: boolean;
  /** The file; null: environment and defaults only. */
  readonly config: string | null;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
  readonly listeners: readonly { protocol: string; address: string; port: number; tls: string }[];
  readonly rules: { readonly count: number; readonly generation: string } | null;
}

/** What was found, and the exit code that says so. */
interface Checked {
  readonly result: CheckResult;
  readonly code: number;
}

type Rules = Pick<CheckResult, 'rules' | 'problems'>;

function problemOf({ path, line, column, code, message }: RuleProblem): ConfigProblem {
  const place = line === 0 ? '' : `:${line}:${column}`;
  return { where: `${path || 'rules'}${place}`, key: '', what: `${code} ${message}` };
}

/** Compiles the rules as the gateway would, in one thread. */
async function checkRules(config: Config, io: Io, roof: Roof): Promise<Rules> {
  try {
    const scan = { ...config.scan, workers: 1 };
    const opened = await roof.openScanner({ ...config, scan }, createStderrLogger(io));
    const rules = { count: opened.ruleCount, generation: opened.scanner.generation };
    await opened.close();
    return { rules, problems: [] };
  } catch (error) {
    if (error instanceof RulesRefused) {
      return { rules: null, problems: error.problems.map(problemOf) };
    }
    if (error instanceof GatewayError && error.code === 'RULES_INVALID') {
      const problems = error.message.split('\n').map((what) => ({ where: 'rules', key: '', what }));
      return { rules: null, problems };
    }
    throw error;
  }
}

function warningsOf(config: Config): readonly string[] {
  const obstacle = recordObstacle(config.quarantine.path);
  const text =
    'quarantine.path: a message that ends the process may end it again and again, for nothing can be written';
  return [...configWarnings(config), ...(obstacle === undefined ? [] : [`${text} there (${obstacle})`])];
}

async function check(path: string | undefined, io: Io, roof: Roof): Promise<Checked> {
  const file = path ?? null;
  let config: Config;
  try {
    config = loadFrom(path, io.env);
  } catch (error) {
    if (error instanceof ConfigError) {
      const nothing = { warnings: [], listeners: [], rules: null };
      const code = error instanceof UnreadableConfig ? EXIT_FAILED : EXIT_NO;
      return { result: { ok: false, config: file, problems: error.problems, ...nothing }, code };
    }
    throw error;
  }
  const { rules, problems } = await checkRules(config, io, roof);
  const [warnings, listeners] = [warningsOf(config), effectiveListeners(config)];
  const ok = problems.length === 0;
  const result = { ok, config: file, problems, warnings, listeners, rules };
  return { result, code: ok ? EXIT_OK : EXIT_NO };
}

function formatResult({ config, problems, warnings, listeners, rules }: CheckResult): string {
  const columns = [
    { title: 'PROTOCOL' },
    { title: 'ADDRESS' },
    { title: 'PORT', align: 'right' },
    { title: 'TLS' },
  ] as const;
  const rows = listeners.map(({ protocol, address, port, tls }) => [protocol, address, String(port), tls]);
  const subject = config ?? 'environment and defaults';
  return [
    ...problems.map((problem) => `${printable(formatProblem(problem))}\n`),
    ...warnings.map((warning) => `warning: ${printable(warning)}\n`),
    ...(rows.length === 0 ? [] : [formatTable(columns, rows)]),
    ...(rules === null ? [] : [`${rules.count} rules, generation ${rules.generation}\n`]),
    problems.length === 0
      ? `${printable(subject)} is valid\n`
      : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in ${printable(subject)}\n`,
  ].join('');
}

export const checkCommand: Command = {
  name: 'check',
  summary: 'check the configuration and the rules',
  help: HELP,
  async run(argv, io, roof) {
    const { values } = readArguments({
      args: [...argv],
      options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const { result, code } = await check(configPath(values.config, io.env), io, roof);
    await io.out(values.json ? `${JSON.stringify(result)}\n` : formatResult(result));
    return code;
  },
};
