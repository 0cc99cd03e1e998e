import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Daemon, run, runOk } from '../harness/program.ts';
import type { Cleanup } from '../harness/scratch.ts';
import { eventually } from '../harness/wait.ts';
import type { Network } from './network.ts';

export const PROJECT = join(import.meta.dirname, '../../..');
export const ENV = { POSTERN_CA_PASSPHRASE: 'passphrase of a test' };
export const READY_MS = 60_000;

/** A script of Node on one of the machines, as arguments of `ip`. */
export function node(
  network: Network,
  where: 'client' | 'router' | 'server',
  args: readonly string[],
): string[] {
  return network.inside(where, [process.execPath, ...args]);
}

/** Loads what `postern nft` prints into the kernel of the router. */
export async function loadRules(
  network: Network,
  config: string,
  args: readonly string[] = [],
): Promise<void> {
  const main = join(PROJECT, 'src/main.ts');
  const rules = await runOk(process.execPath, [main, 'nft', '--config', config, ...args], {
    cwd: PROJECT,
    env: ENV,
  });
  await runOk('ip', network.inside('router', ['nft', '-f', '-']), { input: rules.stdout.toString() });
}

/** Makes the authority, exports it as `roots.pem` in `folder`, and starts the gateway on the router. */
export async function startGateway(
  network: Network,
  folder: string,
  config: string,
  cleanup: Cleanup,
): Promise<void> {
  const main = join(PROJECT, 'src/main.ts');
  const inProject = { cwd: PROJECT, env: ENV };
  await runOk(process.execPath, [main, 'ca', 'init', '--config', config], inProject);
  const exported = await runOk(process.execPath, [main, 'ca', 'export', '--config', config], inProject);
  await writeFile(join(folder, 'roots.pem'), exported.stdout);
  await loadRules(network, config);
  const gateway = cleanup.owns(
    new Daemon('ip', node(network, 'router', [main, 'serve', '--config', config]), inProject),
  );
  await eventually(
    'the gateway answers',
    READY_MS,
    async () => {
      gateway.assertRunning();
      const status = await run(
        'ip',
        node(network, 'router', [main, 'status', '--config', config]),
        inProject,
      );
      return status.code === 2 ? undefined : true;
    },
    () => gateway.output,
  );
}
