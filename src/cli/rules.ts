import { readFile } from 'node:fs/promises';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import { EXIT_FAILED, EXIT_OK, readArguments, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import type { Io } from './io.ts';
import { type ListedRule, listRules, RuleTrial, type TriedRule } from './rules-trial.ts';
import { reasonOf, scanInputs } from './scan-inputs.ts';
import { formatTable, printable } from './terminal-text.ts';

const HELP = `Usage: postern rules list [--rules PATH]... [--json]
       postern rules test [--rules PATH]... [--json] PATH...

list   shows every rule with its file and line.
test   runs the rules over messages (files and folders) as the scanner takes them apart, and shows for each rule
       in how many messages and pieces it matched, and what it costs. Nothing of the gateway is changed.

The cost is measured for each rule by itself: compiled alone (with the rules of its file that it refers to) and run
over the first 16 MiB of pieces, less what a scan without rules costs. It tells which rule is dear. It is not the
share of the rule in the whole set, which searches all texts in one pass. SLOW: above 2 ms for each MB.

  --rules PATH    rule file or folder instead of those of the configuration; may be repeated
  --json          one JSON object per rule and line:
                  list: {"namespace","rule","file","line","private"}
                  test: {"namespace","rule","file","line","messages","pieces","msPerMb","slow"}
${CONFIG_HELP}
  --help          this text

Exit code: 0 done; 2 a rule is not valid, a path cannot be read, or an error.
`;

const LIST_COLUMNS = [{ title: 'RULE' }, { title: 'WHERE' }, { title: 'KIND' }] as const;
const TEST_COLUMNS = [
  { title: 'RULE' },
  { title: 'MESSAGES', align: 'right' },
  { title: 'PIECES', align: 'right' },
  { title: 'MS/MB', align: 'right' },
  { title: '' },
  { title: 'WHERE' },
] as const;

type Place = Omit<ListedRule, 'private'>;

const place = ({ file, line }: Place): string => printable(`${file}:${line}`);
const nameOf = ({ namespace, rule }: Place): string => printable(`${namespace}/${rule}`);

async function list(paths: readonly string[], json: boolean, io: Io): Promise<number> {
  const rules = await listRules(paths);
  const rows = rules.map((rule) => [nameOf(rule), place(rule), rule.private ? 'private' : '']);
  const lines = rules.map((rule) => `${JSON.stringify(rule)}\n`).join('');
  await io.out(json ? lines : formatTable(LIST_COLUMNS, rows));
  return EXIT_OK;
}

function testRow(rule: TriedRule): string[] {
  const cost = rule.msPerMb === null ? '-' : rule.msPerMb.toFixed(3);
  const slow = rule.slow ? 'SLOW' : '';
  return [nameOf(rule), String(rule.messages), String(rule.pieces), cost, slow, place(rule)];
}

/** Reads every message and tries the rules on it; tells how many could not be read. */
async function feed(trial: RuleTrial, inputs: readonly string[], config: Config, io: Io): Promise<number> {
  let unread = 0;
  for await (const input of scanInputs(inputs)) {
    try {
      if (input.kind !== 'file') {
        throw new Error(input.kind === 'stdin' ? 'standard input is not read here' : input.reason);
      }
      const bytes = await readFile(input.name);
      await trial.add(bytes.subarray(0, config.limits.maxMessageBytes));
    } catch (error) {
      unread += 1;
      io.err(`${printable(input.kind === 'stdin' ? '-' : input.name)}: ${printable(reasonOf(error))}\n`);
    }
  }
  return unread;
}

interface TestJob {
  readonly paths: readonly string[];
  readonly inputs: readonly string[];
  readonly json: boolean;
  readonly config: Config;
}

async function test({ paths, inputs, json, config }: TestJob, io: Io): Promise<number> {
  if (inputs.length === 0) {
    throw new UsageError('nothing to test with: name files or folders with messages');
  }
  const { scan, limits } = config;
  const bounds = { ...scan.limits, maxMessageBytes: limits.maxMessageBytes, timeMs: scan.timeoutMs };
  const trial = await RuleTrial.open(paths, bounds, () => systemClock.monotonic());
  const unread = await feed(trial, inputs, config, io);
  const rules = trial.results();
  const lines = rules.map((rule) => `${JSON.stringify(rule)}\n`).join('');
  await io.out(json ? lines : formatTable(TEST_COLUMNS, rules.map(testRow)));
  if (!json) {
    const { messages, sampled, ms } = trial;
    const mb = (sampled / 1e6).toFixed(1);
    io.err(`${messages} messages, ${ms.toFixed(0)} ms of matching with the whole set; cost from ${mb} MB\n`);
  }
  return unread === 0 ? EXIT_OK : EXIT_FAILED;
}

export const rulesCommand: Command = {
  name: 'rules',
  summary: 'list the rules, or try them on messages',
  help: HELP,
  async run(argv, io) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: {
        rules: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
        config: { type: 'string' },
      },
    });
    const [action, ...inputs] = positionals;
    const config = loadForTool(values.config, io.env);
    const paths = values.rules ?? config.rules;
    if (action === 'list' && inputs.length === 0) {
      return await list(paths, values.json, io);
    }
    if (action === 'test') {
      return await test({ paths, inputs, json: values.json, config }, io);
    }
    throw new UsageError(action === 'list' ? 'list takes no paths; use --rules' : 'say list or test');
  },
};
