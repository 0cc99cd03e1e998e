import { systemClock } from '../base/clock.ts';
import { SqliteAccountStore } from '../admin/accounts/sqlite-account-store.ts';
import { ROLES, type Role } from '../admin/accounts/principal.ts';
import { accountPathOf } from '../administration.ts';
import { openQuarantine } from '../quarantine/open-quarantine.ts';
import type { AuditAction } from '../quarantine/audit-trail.ts';
import { EXIT_OK, readArguments, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import type { Io } from './io.ts';
import { commandActor } from './quarantine-actions.ts';
import { createStderrLogger } from './stderr-logger.ts';
import { formatTable } from './terminal-text.ts';

const HELP = `Usage: postern admin user add NAME [--role ROLE] < PASSWORD
       postern admin user password NAME < PASSWORD
       postern admin user remove NAME
       postern admin user list [--json]
       postern admin token add NAME [--role ROLE]
       postern admin token remove NAME
       postern admin token list [--json]

People and programs that may use the API and the console. A password is the first line of standard input and
has at least 12 characters. A token is written to standard output once.

  --role ROLE     ${ROLES.join(', ')}; default: administrator for a user, viewer for a token
  --json          one JSON object per line
${CONFIG_HELP}
  --help          this text

A running gateway knows the change at once.

Exit code: 0 done; 2 it could not be done.
`;

const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/u;
const LEAST_PASSWORD = 12;
const MAX_PASSWORD = 256;
/** A longer input is no password. */
const MAX_INPUT_BYTES = 4_096;

interface Call {
  readonly accounts: SqliteAccountStore;
  readonly name: string;
  readonly role: Role | undefined;
  readonly json: boolean;
  readonly io: Io;
  readonly tell: (action: AuditAction, detail: string) => void;
}

interface Action {
  readonly needsName: boolean;
  run(call: Call): Promise<void> | void;
}

async function readPassword(io: Io): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin) {
    bytes += chunk.byteLength;
    if (bytes > MAX_INPUT_BYTES) throw new UsageError('standard input is longer than any password');
    chunks.push(chunk);
    if (chunk.includes(0x0a)) break;
  }
  const [line = ''] = Buffer.concat(chunks).toString().split(/\r?\n/u, 1);
  if (line.length < LEAST_PASSWORD || line.length > MAX_PASSWORD) {
    throw new UsageError(`a password has ${LEAST_PASSWORD} to ${MAX_PASSWORD} characters`);
  }
  return line;
}

async function addUser({ accounts, name, role = 'administrator', io, tell }: Call): Promise<void> {
  if (!(await accounts.addUser(name, await readPassword(io), role))) {
    throw new UsageError(`there is a user ${name} already`);
  }
  tell('user-added', role);
  io.err(`${name} may log in as ${role}\n`);
}

async function changePassword({ accounts, name, io, tell }: Call): Promise<void> {
  if (!accounts.users().some((user) => user.name === name)) throw new UsageError(`there is no user ${name}`);
  await accounts.changeUser(name, { password: await readPassword(io) });
  tell('user-changed', 'password');
  io.err(`${name} has a new password; the sessions are ended\n`);
}

function removeUser({ accounts, name, io, tell }: Call): void {
  if (!accounts.removeUser(name)) throw new UsageError(`there is no user ${name}`);
  tell('user-removed', '');
  io.err(`${name} may log in no more\n`);
}

async function printList(call: Call, rows: readonly { name: string; role: Role; createdAt: string }[]) {
  const { json, io } = call;
  if (json) {
    for (const row of rows) await io.out(`${JSON.stringify(row)}\n`);
    return;
  }
  const columns = [{ title: 'NAME' }, { title: 'ROLE' }, { title: 'SINCE' }];
  await io.out(
    formatTable(
      columns,
      rows.map(({ name, role, createdAt }) => [name, role, createdAt]),
    ),
  );
}

async function addToken({ accounts, name, role = 'viewer', io, tell }: Call): Promise<void> {
  const token = accounts.addToken(name, role);
  if (token === undefined) throw new UsageError(`there is a token ${name} already`);
  tell('token-made', role);
  await io.out(`${token}\n`);
}

function removeToken({ accounts, name, io, tell }: Call): void {
  if (!accounts.removeToken(name)) throw new UsageError(`there is no token ${name}`);
  tell('token-removed', '');
  io.err(`the token ${name} is not valid any more\n`);
}

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['user add', { needsName: true, run: addUser }],
  ['user password', { needsName: true, run: changePassword }],
  ['user remove', { needsName: true, run: removeUser }],
  ['user list', { needsName: false, run: (call) => printList(call, call.accounts.users()) }],
  ['token add', { needsName: true, run: addToken }],
  ['token remove', { needsName: true, run: removeToken }],
  ['token list', { needsName: false, run: (call) => printList(call, call.accounts.tokens()) }],
]);

function roleOf(text: string | undefined): Role | undefined {
  const role = ROLES.find((one) => one === text);
  if (text !== undefined && role === undefined) throw new UsageError(`--role is one of ${ROLES.join(', ')}`);
  return role;
}

export const adminCommand: Command = {
  name: 'admin',
  summary: 'add and remove people and tokens of the API',
  help: HELP,
  async run(argv, io) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        role: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const [kind = '', verb = '', name = '', ...rest] = positionals;
    const action = ACTIONS.get(`${kind} ${verb}`);
    if (action === undefined || action.needsName !== (name !== '') || rest.length > 0) {
      throw new UsageError('say one of: user add|password|remove|list, token add|remove|list');
    }
    if (name !== '' && !NAME.test(name)) {
      throw new UsageError('a name has up to 64 characters from a-z, 0-9, ".", "_", "@" and "-"');
    }
    const role = roleOf(values.role);
    const config = loadForTool(values.config, io.env);
    const accounts = new SqliteAccountStore(accountPathOf(config), systemClock);
    const { archive, audit } = openQuarantine(config.quarantine, systemClock, createStderrLogger(io));
    const tell = (what: AuditAction, detail: string) =>
      audit.append({ actor: commandActor(), action: what, object: name, detail });
    try {
      await action.run({ accounts, name, role, json: values.json, io, tell });
      return EXIT_OK;
    } finally {
      accounts.close();
      await archive.close();
    }
  },
};
