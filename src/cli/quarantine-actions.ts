import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { z } from 'zod';
import { createMessagePreviewer } from '../quarantine/message-previewer.ts';
import type { Quarantine } from '../quarantine/open-quarantine.ts';
import type { QuarantineItem, QuarantineQuery } from '../quarantine/quarantine-archive.ts';
import { writeZip } from '../quarantine/zip-writer.ts';
import { UNSCANNABLE_CAUSES } from '../scan/verdict.ts';
import { UsageError } from './command.ts';
import type { Io } from './io.ts';
import {
  COLUMNS,
  formatItem,
  formatPreview,
  listRow,
  RELEASE_COLUMNS,
  releaseRow,
} from './quarantine-text.ts';
import type { QuarantineValues } from './quarantine-values.ts';
import { formatTable, printable } from './terminal-text.ts';

export interface QuarantineCall {
  readonly quarantine: Quarantine;
  readonly values: QuarantineValues;
  readonly id: string;
  readonly io: Io;
}

export interface QuarantineAction {
  readonly needsId: boolean;
  /** Throws `UsageError` before anything is opened. */
  check?(values: QuarantineValues): void;
  run(call: QuarantineCall): Promise<void>;
}

const LEAST_PREFIX = 8;
const PAGE = 200;
const DEFAULT_LINES = 1_000;
const DEFAULT_PASSWORD = 'infected';

/** Who is at the keyboard; whoever may read the files may do everything. */
export function commandActor(): string {
  return `command:${userInfo().username}`;
}

/** The record of an identifier or of a unique beginning of one. */
async function find({ quarantine, id }: QuarantineCall): Promise<QuarantineItem> {
  const wanted = id.toLowerCase();
  if (!/^[0-9a-f]{8,64}$/u.test(wanted)) {
    throw new UsageError(
      `an identifier has at least ${LEAST_PREFIX} characters from 0-9 and a-f, not ${JSON.stringify(id)}`,
    );
  }
  const { items } = await quarantine.archive.search({ digest: wanted, limit: 2 });
  const [item, second] = items;
  if (item === undefined) {
    throw new UsageError(
      `no original ${wanted} in the quarantine; "postern quarantine list" shows what there is`,
    );
  }
  if (second !== undefined) {
    throw new UsageError(`several originals begin with ${wanted}; give more characters`);
  }
  return item;
}

function timeOf(name: string, text: string | undefined): number | undefined {
  const time = text === undefined ? undefined : Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--${name} is no time: ${JSON.stringify(text)}`);
  return time;
}

function linesOf({ limit }: QuarantineValues): number {
  const lines = limit === undefined ? DEFAULT_LINES : Number(limit);
  if (!Number.isSafeInteger(lines) || lines < 1) {
    throw new UsageError(`--limit has to be a number from 1, not ${JSON.stringify(limit)}`);
  }
  return lines;
}

const causes = z.enum(['malicious', 'suspicious', ...UNSCANNABLE_CAUSES]).optional();

function filterOf(values: QuarantineValues): Omit<QuarantineQuery, 'limit'> {
  const cause = causes.safeParse(values.cause);
  if (!cause.success) throw new UsageError(`--cause ${JSON.stringify(values.cause)} is no cause`);
  const { rule, user, sender, subject, digest } = values;
  const from = timeOf('from', values.from);
  const to = timeOf('to', values.to);
  return { cause: cause.data, rule, user, sender, subject, digest, from, to };
}

interface Paged<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Page after page, until there are as many as wanted. */
async function collect<T>(
  lines: number,
  page: (limit: number, cursor: string | undefined) => Promise<Paged<T>> | Paged<T>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await page(Math.min(PAGE, lines - all.length), cursor);
    all.push(...items);
    cursor = next ?? undefined;
  } while (cursor !== undefined && all.length < lines);
  return all;
}

async function printJson(io: Io, items: readonly unknown[]): Promise<void> {
  for (const item of items) await io.out(`${JSON.stringify(item)}\n`);
}

async function list({ quarantine, values, io }: QuarantineCall): Promise<void> {
  const filter = filterOf(values);
  const items = await collect(linesOf(values), (limit, cursor) =>
    quarantine.archive.search({ ...filter, limit, cursor }),
  );
  if (values.json) return printJson(io, items);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const nothing = isFiltered ? 'nothing fits\n' : 'the quarantine is empty\n';
  await io.out(items.length === 0 ? nothing : formatTable(COLUMNS, items.map(listRow)));
}

async function show(call: QuarantineCall): Promise<void> {
  const item = await find(call);
  await call.io.out(call.values.json ? `${JSON.stringify(item)}\n` : formatItem(item));
}

async function preview(call: QuarantineCall): Promise<void> {
  const { id } = await find(call);
  const { archive, audit } = call.quarantine;
  audit.append({ actor: commandActor(), action: 'preview', object: id, detail: '' });
  const seen = await createMessagePreviewer().preview(await archive.read(id));
  await call.io.out(call.values.json ? `${JSON.stringify(seen)}\n` : formatPreview(seen));
}

async function exportTo(call: QuarantineCall): Promise<void> {
  const { quarantine, values, io } = call;
  const { id } = await find(call);
  const content = await quarantine.archive.read(id);
  const format = values.zip ? 'zip' : 'raw';
  quarantine.audit.append({ actor: commandActor(), action: 'export', object: id, detail: format });
  const password = values.password ?? DEFAULT_PASSWORD;
  await write(values.zip ? await writeZip(`${id}.eml`, content, password) : content, values.output ?? '', io);
}

async function write(content: Uint8Array, output: string, io: Io): Promise<void> {
  if (output === '-') return io.out(content);
  try {
    await writeFile(output, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(exists ? `${output} exists already and is not overwritten` : reason);
  }
  io.err(`${content.byteLength} bytes written to ${printable(output)}\n`);
}

async function release(call: QuarantineCall): Promise<void> {
  const { quarantine, values, io } = call;
  const { id: sha256 } = await find(call);
  const { user = '', reason = '', 'offer-anew': offerAnew } = values;
  const kept = await quarantine.releases.release({ sha256, user, reason, offerAnew, actor: commandActor() });
  await io.out(values.json ? `${JSON.stringify(kept)}\n` : `${kept.id}\n`);
}

async function withdraw({ quarantine, id, values, io }: QuarantineCall): Promise<void> {
  const kept = await quarantine.releases.withdraw(id, commandActor());
  if (kept === undefined) throw new UsageError(`no release ${JSON.stringify(id)} holds`);
  await io.out(values.json ? `${JSON.stringify(kept)}\n` : `${kept.id}\n`);
}

async function releases({ quarantine, values, io }: QuarantineCall): Promise<void> {
  const items = await collect(linesOf(values), (limit, cursor) =>
    quarantine.releases.list({ all: values.all, limit, cursor }),
  );
  if (values.json) return printJson(io, items);
  await io.out(
    items.length === 0 ? 'nothing is released\n' : formatTable(RELEASE_COLUMNS, items.map(releaseRow)),
  );
}

async function remove(call: QuarantineCall): Promise<void> {
  const { id } = await find(call);
  const { archive, audit } = call.quarantine;
  audit.append({ actor: commandActor(), action: 'delete', object: id, detail: '' });
  await archive.remove(id);
  call.io.err(`deleted ${id}\n`);
}

const AUDIT_COLUMNS = [
  { title: 'AT' },
  { title: 'WHO' },
  { title: 'WHAT' },
  { title: 'OBJECT' },
  { title: 'DETAIL' },
];

async function audit({ quarantine, values, io }: QuarantineCall): Promise<void> {
  const items = await collect(linesOf(values), (limit, cursor) => quarantine.audit.list({ limit, cursor }));
  if (values.json) return printJson(io, items);
  const rows = items.map(({ at, actor, action, object, detail }) => [at, actor, action, object, detail]);
  await io.out(rows.length === 0 ? 'nothing was done yet\n' : formatTable(AUDIT_COLUMNS, rows));
}

async function rebuild({ quarantine, io }: QuarantineCall): Promise<void> {
  io.err(`${await quarantine.archive.rebuild()} originals put into the index\n`);
}

function requireOutput({ output }: QuarantineValues): void {
  if (output === undefined) throw new UsageError('say where to: -o FILE, or -o - for standard output');
}

function requireReason({ reason }: QuarantineValues): void {
  if (reason === undefined || reason.trim() === '') {
    throw new UsageError('say why with --reason: others will ask');
  }
}

export const QUARANTINE_ACTIONS: ReadonlyMap<string, QuarantineAction> = new Map([
  ['list', { needsId: false, run: list }],
  ['show', { needsId: true, run: show }],
  ['preview', { needsId: true, run: preview }],
  ['export', { needsId: true, check: requireOutput, run: exportTo }],
  ['release', { needsId: true, check: requireReason, run: release }],
  ['withdraw', { needsId: true, run: withdraw }],
  ['releases', { needsId: false, run: releases }],
  ['delete', { needsId: true, run: remove }],
  ['audit', { needsId: false, run: audit }],
  ['rebuild', { needsId: false, run: rebuild }],
]);
