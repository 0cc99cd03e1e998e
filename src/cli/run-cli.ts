import manifest from '../../package.json' with { type: 'json' };
import { GatewayError } from '../base/errors.ts';
import { caCommand } from './ca.ts';
import { adminCommand } from './admin.ts';
import { checkCommand } from './check.ts';
import { EXIT_FAILED, EXIT_OK, UsageError, type Command, type Roof } from './command.ts';
import { demoCommand } from './demo-command.ts';
import { detectionsCommand } from './detections.ts';
import type { Io } from './io.ts';
import { nftCommand } from './nft.ts';
import { quarantineCommand } from './quarantine.ts';
import { rulesCommand } from './rules.ts';
import { scanCommand } from './scan.ts';
import { selftestCommand } from './selftest.ts';
import { serveCommand } from './serve.ts';
import { statusCommand } from './status.ts';

const COMMANDS: readonly Command[] = [
  serveCommand,
  demoCommand,
  checkCommand,
  statusCommand,
  scanCommand,
  rulesCommand,
  selftestCommand,
  quarantineCommand,
  detectionsCommand,
  adminCommand,
  caCommand,
  nftCommand,
];

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: postern [COMMAND] [OPTION]...

Scans mail on its way from an IMAP or POP3 server to its clients.

${lines.join('\n')}

"postern COMMAND --help" tells more; "postern --version" says which this is. Without a command: serve.
Exit codes: 0 done; 1 the answer is no (something found, not valid); 2 it could not be done.
`;
}

/** Options before any command belong to `serve`. */
function choose(argv: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } {
  const [word, ...rest] = argv;
  if (word === undefined || word.startsWith('-')) {
    return { command: serveCommand, rest: argv };
  }
  const command = COMMANDS.find(({ name }) => name === word);
  if (command === undefined) {
    throw new UsageError(`there is no command ${JSON.stringify(word)}; "postern --help" lists them`);
  }
  return { command, rest };
}

/** Words after `--` are data. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

async function dispatch(argv: readonly string[], io: Io, roof: Roof): Promise<number> {
  const [first] = argv;
  if (first === 'help' || first === '--help' || first === '-h') {
    await io.out(overview());
    return EXIT_OK;
  }
  if (first === '--version') {
    await io.out(`${manifest.version}\n`);
    return EXIT_OK;
  }
  const { command, rest } = choose(argv);
  if (asksForHelp(rest)) {
    await io.out(command.help);
    return EXIT_OK;
  }
  try {
    return await command.run(rest, io, roof);
  } catch (error) {
    if (error instanceof UsageError) {
      const hint = `See "postern ${command.name} --help".`;
      throw new UsageError(`${command.name}: ${error.message}. ${hint}`, { cause: error });
    }
    throw error;
  }
}

/** What the user can correct is said in a sentence; anything else is a fault of ours and shows where. */
function explain(error: unknown): string {
  if (error instanceof UsageError) {
    return `postern: ${error.message}\n`;
  }
  if (error instanceof GatewayError) {
    return `${error.message}\n`;
  }
  return `postern: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

/** Runs one command line and resolves with the exit code; never rejects. */
export async function runCli(argv: readonly string[], io: Io, roof: Roof): Promise<number> {
  try {
    return await dispatch(argv, io, roof);
  } catch (error) {
    io.err(explain(error));
    return EXIT_FAILED;
  }
}
