import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Above 2 on two cores: others were working here too. */
  readonly loadAverage: number;
  readonly date: string;
}

const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  haproxy: ['haproxy', '-v'],
  nginx: ['nginx', '-v'],
  dovecot: ['dovecot', '--version'],
  perdition: ['perdition', '--version'],
  clamd: ['clamd', '--version'],
  yara: ['yara', '--version'],
};

function versionOf([program = '', ...args]: readonly string[]): string {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'latin1', env });
  return /\d+\.\d[\w.~-]*/u.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}

export function machine(): Machine {
  const versions = Object.entries(VERSIONS).map(([name, command]) => [name, versionOf(command)]);
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: Math.max(cpus().length, availableParallelism()),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${/PRETTY_NAME="(.*)"/u.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''}, Linux ${release()}`,
    versions: { node: process.version, ...Object.fromEntries(versions) },
    loadAverage: Math.round((loadavg()[2] ?? 0) * 10) / 10,
    date: new Date().toISOString().slice(0, 10),
  };
}
