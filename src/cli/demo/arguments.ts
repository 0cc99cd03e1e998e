import { parseArgs } from 'node:util';

export interface DemoArguments {
  readonly help: boolean;
  /** Read everything once, then end with 0 or 1. */
  readonly once: boolean;
  readonly json: boolean;
  /** Listener ports are this plus the well-known ones; undefined: not asked for. */
  readonly portBase: number | undefined;
}

/** So that base + 995 is a port. */
const MAX_PORT_BASE = 65_535 - 995;

export const HELP = `Usage: npm run demo -- [--once] [--json] [--port-base N]

Starts a small mail server with about twenty messages, some of them with the EICAR test file, and the
gateway before it, on this machine only. Reads everything over IMAP, IMAPS, POP3 and POP3S through the
gateway, compares it with what the server sends directly, and prints a table. Then stays up until
Ctrl-C, so that you can connect your own client.

  --once         end after the table: 0 when all is as it must be, else 1
  --json         print one JSON object for each line of the table
  --port-base N  listen on N+143, N+993, N+110, N+995 and N+80 (default N: 10000 if free)
  --help         this text`;

/** Throws an error with a sentence for the user. */
export function parseDemoArguments(argv: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'port-base': { type: 'string' },
    },
  });
  const { help, once, json, 'port-base': base } = values;
  return { help, once, json, portBase: base === undefined ? undefined : parsePortBase(base) };
}

function parsePortBase(text: string): number {
  const base = Number(text);
  if (!/^\d{1,5}$/.test(text) || base > MAX_PORT_BASE) {
    throw new Error(`--port-base must be a number from 0 to ${MAX_PORT_BASE}, not "${text}"`);
  }
  return base;
}
