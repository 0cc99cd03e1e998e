import manifest from '../../package.json' with { type: 'json' };
import { GatewayError } from '../base/errors.ts';
import { EXIT_FAILED, EXIT_OK, UsageError, type Command, type Roof } from './command.ts';
import type { Io } from './io.ts';

/** In the order of the overview. A command is loaded when it is called: together they take half a second. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand,
  demo: async () => (await import('./demo-command.ts')).demoCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  scan: async () => (await import('./scan.ts')).scanCommand,
  rules: async () => (await import('./rules.ts')).rulesCommand,
  selftest: async () => (await import('./selftest.ts')).selftestCommand,
  quarantine: async () => (await import('./quarantine.ts')).quarantineCommand,
  detections: async () => (await import('./detections.ts')).detectionsCommand,
  admin: async () => (await import('./admin.ts')).adminCommand,
  ca: async () => (await import('./ca.ts')).caCommand,
  nft: async () => (await import('./nft.ts')).nftCommand,
};
const DEFAULT_COMMAND = 'serve';

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: postern [COMMAND] [OPTION]...

Scans mail on its way from an IMAP or POP3 server to its clients.

${lines.join('\n')}

"postern COMMAND --help" tells more; "postern --version" says which this is. Without a command: serve.
Exit codes: 0 done; 1 the answer is no (something found, not valid); 2 it could not be done.
`;
}

interface Choice {
  readonly command: Command;
  readonly rest: readonly string[];
}

/** Options before any command belong to `serve`. */
async function choose(argv: readonly string[]): Promise<Choice> {
  const [word = '-', ...rest] = argv;
  const isBare = word.startsWith('-');
  const name = isBare ? DEFAULT_COMMAND : word;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    throw new UsageError(`there is no command ${JSON.stringify(word)}; "postern --help" lists them`);
  }
  return { command: await load(), rest: isBare ? argv : rest };
}

/** Words after `--` are data. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

async function dispatch(argv: readonly string[], io: Io, roof: Roof): Promise<number> {
  const [first] = argv;
  if (first === 'help' || first === '--help' || first === '-h') {
    await io.out(await overview());
    return EXIT_OK;
  }
  if (first === '--version') {
    await io.out(`${manifest.version}\n`);
    return EXIT_OK;
  }
  const { command, rest } = await choose(argv);
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
