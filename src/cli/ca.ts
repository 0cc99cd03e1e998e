import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Secret } from '../base/secret.ts';
import { authorityPassphrase, PASSPHRASE_VARIABLE } from '../gateway/open-authority.ts';
import {
  activateNextRoot,
  exportedRoots,
  initAuthority,
  stageNextRoot,
} from '../gateway/tls/authority-file.ts';
import { mobileConfig } from './ca-mobileconfig.ts';
import { EXIT_OK, readArguments, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import type { Io } from './io.ts';
import { printable } from './terminal-text.ts';

const HELP = `Usage: postern ca init
       postern ca export [--format pem|der|mobileconfig] [-o FILE]
       postern ca rotate [--finish]

The authority that signs certificates for clients. Its key is encrypted with a passphrase of 12 characters or
more: the content of --key-file, or of the variable ${PASSPHRASE_VARIABLE}.

init      makes the folder and the first root
export    writes what clients have to trust: all roots in use (pem, mobileconfig) or the active one (der)
rotate    makes a next root, which is exported beside the active one; once clients have it, --finish makes it
          sign (a gateway that runs notices, at once at SIGHUP), and the old one stays in the export until it ends

  --path FOLDER     folder of the authority instead of tlsFilter.ca
  --key-file FILE   passphrase instead of tlsFilter.caKeyFile
  --format FORMAT   default: pem
  -o, --output      new file to write; default: standard output
${CONFIG_HELP}
  --help            this text

Exit code: 0 done; 2 it could not be done.
`;

function readCaArguments(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      path: { type: 'string' },
      'key-file': { type: 'string' },
      format: { type: 'string', default: 'pem' },
      output: { type: 'string', short: 'o' },
      finish: { type: 'boolean', default: false },
    },
  });
}
type Values = ReturnType<typeof readCaArguments>['values'];

interface Place {
  readonly folder: string;
  readonly passphrase: () => Secret<string>;
}

function placeOf(values: Values, io: Io): Place {
  const configured = values.path === undefined ? loadForTool(values.config, io.env).tlsFilter : undefined;
  const folder = values.path ?? configured?.ca;
  if (folder === undefined)
    throw new UsageError('say where the authority is: --path FOLDER, or tlsFilter.ca');
  const keyFile = values['key-file'] ?? configured?.caKeyFile;
  return { folder, passphrase: () => authorityPassphrase(keyFile, io.env) };
}

function describe(certificate: X509Certificate): string {
  const { subject, fingerprint256, validTo } = certificate;
  return `${printable(subject)}\nSHA-256 ${fingerprint256}\nvalid until ${validTo}\n`;
}

function encode(format: string, roots: readonly string[]): string | Uint8Array {
  const [active = ''] = roots;
  switch (format) {
    case 'pem':
      return roots.join('');
    case 'der':
      return new X509Certificate(active).raw;
    case 'mobileconfig':
      return mobileConfig(roots);
    default:
      throw new UsageError(`there is no format ${JSON.stringify(format)}; say pem, der or mobileconfig`);
  }
}

async function exportRoots({ format, output }: Values, folder: string, io: Io): Promise<void> {
  const content = encode(format, exportedRoots(folder, Date.now()));
  if (output === undefined) {
    await io.out(content);
    return;
  }
  await writeFile(output, content, { flag: 'wx', mode: 0o644 }).catch((error: unknown) => {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  });
  io.err(`written to ${printable(output)}\n`);
}

export const caCommand: Command = {
  name: 'ca',
  summary: 'make, export and renew the own certificate authority',
  help: HELP,
  async run(argv, io) {
    const { values, positionals } = readCaArguments(argv);
    const [action, ...rest] = positionals;
    if (rest.length > 0 || !['init', 'export', 'rotate'].includes(action ?? '')) {
      throw new UsageError('say one of: init, export, rotate');
    }
    const { folder, passphrase } = placeOf(values, io);
    if (action === 'export') await exportRoots(values, folder, io);
    else if (action === 'init') await io.out(describe(initAuthority(folder, passphrase())));
    else if (values.finish) await io.out(describe(activateNextRoot(folder)));
    else await io.out(describe(stageNextRoot(folder, passphrase())));
    return EXIT_OK;
  },
};
