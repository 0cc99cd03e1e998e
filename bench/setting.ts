import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLoopbackCertificate } from '../src/cli/demo/server/certificate.ts';
import { freePorts } from '../test/system/harness/free-ports.ts';
import { type Contender, CONTENDERS } from './contenders.ts';
import type { Door } from './load-connection.ts';
import { LOAD_CPU, PinnedProgram } from './pinned-program.ts';

/** How much of everything is done. */
export interface Scale {
  readonly name: 'quick' | 'full';
  /** Share of the corpus of 500 messages. */
  readonly corpusShare: number;
  /** Interleaved repetitions of each measurement; their spread is reported. */
  readonly rounds: number;
  readonly passes: number;
  /** Passes over the corpus, in clear and over TLS, before throughput is measured. */
  readonly warmUpPasses: number;
  /**
   * Sessions before they are measured, until processes are there and code is compiled: a storm of reconnects meets a
   * gateway that has run for long. How much that changes is not settled: one quiet run had 1.4 and then 1.06 ms of the
   * processor for one of ours, a full run on a slower host 1.9 ms throughout.
   */
  readonly sessionWarmUpSeconds: number;
  readonly sessionSeconds: number;
  readonly latencyFetches: number;
  /** Of each probe in each round: about 90 probes a second. */
  readonly probeSeconds: number;
  readonly idleConnections: number;
}

export const QUICK: Scale = {
  name: 'quick',
  corpusShare: 0.1,
  rounds: 1,
  passes: 6,
  warmUpPasses: 1,
  sessionWarmUpSeconds: 1,
  sessionSeconds: 0.7,
  latencyFetches: 60,
  probeSeconds: 2,
  idleConnections: 200,
};
export const FULL: Scale = {
  name: 'full',
  corpusShare: 1,
  rounds: 3,
  passes: 3,
  warmUpPasses: 8,
  sessionWarmUpSeconds: 16,
  sessionSeconds: 3,
  latencyFetches: 300,
  probeSeconds: 6,
  idleConnections: 5_000,
};

/** A contender that runs. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  door(tls: boolean): Door;
  /** The end of what it printed. */
  output(): string;
  stop(): Promise<void>;
}

/** The mail server that all contenders stand before, and where files may be put. */
export interface Setting {
  readonly scale: Scale;
  readonly folder: string;
  readonly mailServer: MailServerProcess;
  readonly certificate: { readonly cert: string; readonly key: string };
}

export class MailServerProcess {
  readonly #program: PinnedProgram;
  imapPort = 0;
  imapsPort = 0;
  directoryPort = 0;

  constructor(share: number) {
    const script = join(import.meta.dirname, 'mail-server.ts');
    this.#program = new PinnedProgram([process.execPath, script, String(share)], LOAD_CPU);
  }

  get pid(): number {
    return this.#program.pid;
  }

  async ready(): Promise<void> {
    const ports = await this.#reply();
    this.imapPort = Number(ports['imap']);
    this.imapsPort = Number(ports['imaps']);
    this.directoryPort = Number(ports['directory']);
  }

  /** Makes every message new, once or all the time. */
  async renew(how: 'once' | 'churn'): Promise<void> {
    const reply = this.#reply();
    this.#program.child.send(how);
    await reply;
  }

  async #reply(): Promise<Record<string, unknown>> {
    return (await this.#program.answer()) as Record<string, unknown>;
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}

/** Stops what was started, whatever happened. */
export async function withSetting(scale: Scale, work: (setting: Setting) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  chmodSync(folder, 0o755); // programs that drop their privileges read their files
  const pair = createLoopbackCertificate();
  const certificate = { cert: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') };
  writeFileSync(certificate.cert, pair.cert);
  writeFileSync(certificate.key, pair.key);
  const mailServer = new MailServerProcess(scale.corpusShare);
  try {
    await mailServer.ready();
    await work({ scale, folder, mailServer, certificate });
  } finally {
    await mailServer.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(contender: Contender, setting: Setting): Promise<Running> {
  const [clear = 0, tls = 0] = await freePorts(2);
  const command = contender.command({ ...setting, ports: { clear, tls } });
  const program = new PinnedProgram(command);
  await Promise.all([program.listening(clear), program.listening(tls)]);
  return {
    name: contender.name,
    pid: program.pid,
    door: (secure) => ({ port: secure ? tls : clear, tls: secure }),
    output: () => program.output,
    stop: () => program.stop(),
  };
}

/** Runs `work` with one or several contenders. Fails when one is not installed: a gap in a table says nothing. */
export async function withContenders(
  names: readonly string[],
  setting: Setting,
  work: (running: readonly Running[]) => Promise<void>,
): Promise<void> {
  const running: Running[] = [];
  try {
    for (const name of names) {
      const contender = CONTENDERS.find((candidate) => candidate.name === name);
      if (contender === undefined) {
        throw new Error(`no contender ${name}`);
      }
      running.push(await start(contender, setting));
    }
    await work(running);
  } catch (error) {
    const said = running.map((each) => `${each.name}: ${each.output()}`).join('\n');
    throw new Error(`a measurement failed; what the programs said:\n${said}`, { cause: error });
  } finally {
    for (const each of running) {
      await each.stop();
    }
  }
}

/** Programs that have to be there; `npm run bench` installs them. */
export function assertInstalled(programs: readonly string[]): void {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const missing = programs.filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`], { env }).status !== 0,
  );
  if (missing.length > 0) {
    throw new Error(`not installed: ${missing.join(', ')} (bash tools/install-system-packages.sh)`);
  }
}
