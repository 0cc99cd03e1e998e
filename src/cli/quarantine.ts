import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { FileQuarantineStore } from '../quarantine/file-quarantine-store.ts';
import type { QuarantineRecord, QuarantineStore } from '../quarantine/quarantine-store.ts';
import { EXIT_OK, readArguments, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import type { Io } from './io.ts';
import { formatTable, printable } from './terminal-text.ts';

const HELP = `Usage: postern quarantine list [--json]
       postern quarantine show ID [--json]
       postern quarantine export ID -o FILE|-

Shows the originals that were kept, newest first, or writes one out exactly as the server sent it.
An exported original is as dangerous as it was: do not open it with a mail program.

  ID              the identifier, or its first 8 or more characters when they are unique
  -o, --output    new file to write; an existing one is never overwritten; - is standard output
  --path FOLDER   quarantine folder instead of that of the configuration
  --json          list: one JSON object per line; show: one JSON object
${CONFIG_HELP}
  --help          this text

Exit code: 0 done; 2 no such original, or an error.
`;

const SHOWN_ID = 12;
const LEAST_PREFIX = 8;

const COLUMNS = [
  { title: 'ID' },
  { title: 'LAST SEEN' },
  { title: 'COUNT', align: 'right' },
  { title: 'BYTES', align: 'right' },
  { title: 'VERDICT' },
  { title: 'FINDING' },
  { title: 'USER' },
  { title: 'MAILBOX' },
] as const;

function findingsOf({ verdict }: QuarantineRecord) {
  return 'findings' in verdict ? verdict.findings : [];
}

function describeVerdict({ verdict }: QuarantineRecord): string {
  return verdict.kind === 'unscannable' ? `${verdict.kind}: ${verdict.cause}` : verdict.kind;
}

function listRow(record: QuarantineRecord): string[] {
  const [first, ...more] = findingsOf(record);
  const others = more.length === 0 ? '' : ` +${more.length}`;
  return [
    record.id.slice(0, SHOWN_ID),
    record.lastSeen.slice(0, 19).replace('T', ' '),
    String(record.count),
    String(record.bytes),
    describeVerdict(record),
    first === undefined ? '' : `${first.namespace}/${first.rule}${others}`,
    record.user,
    record.mailbox,
  ];
}

function formatRecordText(record: QuarantineRecord): string {
  const rows: readonly (readonly [string, string])[] = [
    ['id', record.id],
    ['first seen', record.firstSeen],
    ['last seen', record.lastSeen],
    ['count', String(record.count)],
    ['bytes', String(record.bytes)],
    ['verdict', describeVerdict(record)],
    ...findingsOf(record).map(
      ({ engine, namespace, rule, class: findingClass, severity, part }) =>
        ['finding', `${findingClass} (${severity}) ${engine} ${namespace}/${rule} in ${part}`] as const,
    ),
    ['protocol', record.protocol],
    ['user', record.user],
    ['client', record.client],
    ['mailbox', record.mailbox],
    ['uid', record.uid],
    ['scan', record.scanId],
    ['rules', record.generation],
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)}${printable(value)}\n`).join('');
}

/** The record of an identifier or of a unique beginning of one. */
async function find(store: QuarantineStore, id: string): Promise<QuarantineRecord> {
  const wanted = id.toLowerCase();
  if (!/^[0-9a-f]*$/u.test(wanted) || wanted.length < LEAST_PREFIX) {
    throw new UsageError(
      `an identifier has at least ${LEAST_PREFIX} characters from 0-9 and a-f, not ${JSON.stringify(id)}`,
    );
  }
  const found = (await store.list()).filter((record) => record.id.startsWith(wanted));
  const [record, second] = found;
  if (record === undefined) {
    throw new UsageError(
      `no original ${wanted} in the quarantine; "postern quarantine list" shows what there is`,
    );
  }
  if (second !== undefined) {
    throw new UsageError(`${found.length} originals begin with ${wanted}; give more characters`);
  }
  return record;
}

async function list(store: QuarantineStore, json: boolean, io: Io): Promise<void> {
  const records = await store.list();
  if (json) {
    for (const record of records) {
      await io.out(`${JSON.stringify(record)}\n`);
    }
  } else {
    await io.out(
      records.length === 0 ? 'the quarantine is empty\n' : formatTable(COLUMNS, records.map(listRow)),
    );
  }
}

async function exportTo(store: QuarantineStore, id: string, output: string, io: Io): Promise<void> {
  const content = await store.read(id);
  if (output === '-') {
    await io.out(content);
    return;
  }
  try {
    await writeFile(output, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(exists ? `${output} exists already and is not overwritten` : reason);
  }
  io.err(`${content.byteLength} bytes written to ${printable(output)}\n`);
}

function openStore(path: string | undefined, config: string | undefined, io: Io): QuarantineStore {
  const folder = path ?? loadForTool(config, io.env).quarantine.path;
  if (!existsSync(folder)) {
    throw new UsageError(
      `there is no quarantine at ${folder}; nothing was kept yet, or name another with --path`,
    );
  }
  return new FileQuarantineStore({ path: folder });
}

function readQuarantineArguments(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      path: { type: 'string' },
      json: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o' },
    },
  });
}

export const quarantineCommand: Command = {
  name: 'quarantine',
  summary: 'list, show and export the originals that were kept',
  help: HELP,
  async run(argv, io) {
    const { values, positionals } = readQuarantineArguments(argv);
    const [action, id, ...rest] = positionals;
    const complete = action === 'list' ? id === undefined : id !== undefined && rest.length === 0;
    if (!['list', 'show', 'export'].includes(action ?? '') || !complete) {
      throw new UsageError('say one of: list, show ID, export ID -o FILE');
    }
    const store = openStore(values.path, values.config, io);
    if (action === 'list') {
      await list(store, values.json, io);
      return EXIT_OK;
    }
    const record = await find(store, id ?? '');
    if (action === 'show') {
      await io.out(values.json ? `${JSON.stringify(record)}\n` : formatRecordText(record));
      return EXIT_OK;
    }
    if (values.output === undefined) {
      throw new UsageError('say where to: -o FILE, or -o - for standard output');
    }
    await exportTo(store, record.id, values.output, io);
    return EXIT_OK;
  },
};
