import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { z } from 'zod';
import type { Config } from '../base/config/schema.ts';
import { EXIT_NO, EXIT_OK, readArguments, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import { printable } from './terminal-text.ts';

const HELP = `Usage: postern status [--config FILE] [--json]

Asks the running gateway, on its admin port, how well mail is protected now: green, yellow or red, with the
reasons and what to do about each.

  --json          one JSON object: {"level","reasons":[{"id","level","text","remedy"}]}
${CONFIG_HELP}
  --help          this text

Exit code: 0 green or yellow; 1 red; 2 the gateway does not answer.
`;

const ANSWER_MS = 5_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

const statusSchema = z.object({
  level: z.enum(['green', 'yellow', 'red']),
  reasons: z.array(
    z.object({ id: z.string(), level: z.enum(['yellow', 'red']), text: z.string(), remedy: z.string() }),
  ),
});
type Status = z.output<typeof statusSchema>;

/** `::` listens everywhere; nobody connects to it. */
function hostOf(address: string): string {
  if (address === '::') return '::1';
  return address === '0.0.0.0' ? '127.0.0.1' : address;
}

async function ask({ address, port, tlsCert }: Config['admin']): Promise<string> {
  const options = { host: hostOf(address), port, path: '/status', timeout: ANSWER_MS };
  return await new Promise<string>((resolve, reject) => {
    const request =
      tlsCert === undefined
        ? requestHttp(options)
        : // Our own port, named by the configuration: nothing secret is asked or told.
          requestHttps({ ...options, rejectUnauthorized: false });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    request.end();
  });
}

async function statusOf({ admin }: Config): Promise<Status> {
  if (!admin.enabled) throw new UsageError('the admin port is off (admin.enabled)');
  try {
    return statusSchema.parse(JSON.parse(await ask(admin)));
  } catch (error) {
    throw new UsageError(
      `no status from ${admin.address} port ${admin.port} (${reasonOf(error)}): start the gateway, or name its configuration with --config`,
    );
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError || error instanceof SyntaxError) return 'not an answer of the gateway';
  return error instanceof Error ? error.message : 'unknown reason';
}

function format({ level, reasons }: Status): string {
  const lines = reasons.map((one) => `${one.level}: ${printable(one.text)} ${printable(one.remedy)}\n`);
  return [`${level}\n`, ...lines].join('');
}

export const statusCommand: Command = {
  name: 'status',
  summary: 'how well mail is protected now, with reasons',
  help: HELP,
  async run(argv, io) {
    const { values } = readArguments({
      args: [...argv],
      options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const status = await statusOf(loadForTool(values.config, io.env));
    await io.out(values.json ? `${JSON.stringify(status)}\n` : format(status));
    return status.level === 'red' ? EXIT_NO : EXIT_OK;
  },
};
