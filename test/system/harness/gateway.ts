import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, selfSigned } from './certificate.ts';
import type { MailPorts, MailServer } from './mail-server.ts';
import { Daemon, run, type RunResult } from './program.ts';
import { removeFolder, scratchFolder } from './scratch.ts';
import { freePorts } from './free-ports.ts';
import { eventually } from './wait.ts';

const PROJECT = join(import.meta.dirname, '../../..');
/** Rules compile and workers warm up while other test processes use the same two cores. */
const READY_TIMEOUT_MS = 60_000;

/** What a test sets beside the small configuration of the documentation; merged into it, section by section. */
export interface GatewayOptions {
  readonly scan?: Readonly<Record<string, unknown>>;
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly upstreamTls?: Readonly<Record<string, unknown>>;
  readonly mode?: 'protect' | 'monitor';
  readonly protection?: boolean;
  readonly notice?: Readonly<Record<string, unknown>>;
  readonly quarantine?: Readonly<Record<string, unknown>>;
  /** For every listener. */
  readonly listener?: Readonly<Record<string, unknown>>;
  /** More mail servers. */
  readonly upstreams?: readonly Readonly<Record<string, unknown>>[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Layout {
  readonly folder: string;
  readonly ports: MailPorts;
  readonly adminPort: number;
  readonly certificate: Certificate;
}

function listenersOf(ports: MailPorts, more: GatewayOptions['listener']): Record<string, unknown>[] {
  return Object.entries(ports).map(([protocol, port]) => ({ protocol, address: '127.0.0.1', port, ...more }));
}

/** JSON is YAML. */
function configuration(layout: Layout, upstream: MailPorts, options: GatewayOptions): string {
  const { scan, limits, policy, mode, protection, notice } = options;
  return JSON.stringify(
    {
      upstream: { host: '127.0.0.1', ports: upstream, tls: { verify: false, ...options.upstreamTls } },
      upstreams: options.upstreams,
      listeners: listenersOf(layout.ports, options.listener),
      rules: ['config/rules'],
      quarantine: { path: join(layout.folder, 'quarantine'), ...options.quarantine },
      admin: { address: '127.0.0.1', port: layout.adminPort },
      tls: { certificates: [layout.certificate] },
      scan,
      limits,
      policy,
      mode,
      protection,
      notice,
    },
    undefined,
    2,
  );
}

/** The product as a user starts it: a process of its own with a configuration file, before a mail server. */
export class Gateway implements MailServer {
  readonly ports: MailPorts;
  readonly certificate: Certificate;
  readonly folder: string;
  readonly admin: string;
  readonly #daemon: Daemon;

  private constructor(layout: Layout, daemon: Daemon) {
    this.ports = layout.ports;
    this.certificate = layout.certificate;
    this.folder = layout.folder;
    this.admin = `http://127.0.0.1:${layout.adminPort}`;
    this.#daemon = daemon;
  }

  static async start({ ports: upstream }: MailServer, options: GatewayOptions = {}): Promise<Gateway> {
    const folder = await scratchFolder('gateway');
    const [imap = 0, imaps = 0, pop3 = 0, pop3s = 0, adminPort = 0] = await freePorts(5);
    const certificate = await selfSigned(folder);
    const layout = { folder, ports: { imap, imaps, pop3, pop3s }, adminPort, certificate };
    const file = join(folder, 'gateway.yaml');
    await writeFile(file, configuration(layout, upstream, options));
    const daemon = new Daemon(process.execPath, ['src/main.ts', 'serve', '--config', file], {
      cwd: PROJECT,
      env: { ...options.env },
    });
    const gateway = new Gateway(layout, daemon);
    try {
      await gateway.#ready();
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  async #ready(): Promise<void> {
    await eventually(
      'the gateway is ready',
      READY_TIMEOUT_MS,
      async () => {
        this.#daemon.assertRunning();
        const response = await fetch(`${this.admin}/readyz`);
        await response.arrayBuffer();
        return response.ok ? true : undefined;
      },
      () => this.#daemon.output,
    );
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  /** The end of its log. */
  get output(): string {
    return this.#daemon.output;
  }

  assertRunning(): void {
    this.#daemon.assertRunning();
  }

  async metrics(): Promise<string> {
    const response = await fetch(`${this.admin}/metrics`);
    return response.text();
  }

  /** The sum of all samples of a metric whose labels contain each of `labels`, e.g. `verdict="clean"`. */
  async metric(name: string, ...labels: readonly string[]): Promise<number> {
    const lines = (await this.metrics()).split('\n');
    return lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** `postern quarantine …` with the configuration of this gateway. */
  quarantine(...args: readonly string[]): Promise<RunResult> {
    const config = ['--config', join(this.folder, 'gateway.yaml')];
    return run(process.execPath, ['src/main.ts', 'quarantine', ...args, ...config], { cwd: PROJECT });
  }

  /** Files below the quarantine folder. */
  async quarantineFiles(): Promise<string[]> {
    const folder = join(this.folder, 'quarantine');
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    try {
      return await this.#daemon.stop(signal);
    } finally {
      await removeFolder(this.folder);
    }
  }
}
