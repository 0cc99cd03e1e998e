import { Daemon, run, runOk } from './program.ts';
import { removeFolder, scratchFolder } from './scratch.ts';
import { freePorts } from './free-ports.ts';
import { eventually } from './wait.ts';

const READY_TIMEOUT_MS = 20_000;

/** A real Redis on loopback that keeps nothing on disk. */
export class Redis {
  readonly port: number;
  readonly #folder: string;
  #daemon: Daemon | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** A place for one that does not run yet. */
  static async place(): Promise<Redis> {
    const [port = 0] = await freePorts(1);
    return new Redis(await scratchFolder('redis'), port);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#daemon = new Daemon('redis-server', args, { cwd: this.#folder });
    await eventually('Redis answers', READY_TIMEOUT_MS, async () => {
      this.#daemon?.assertRunning();
      const { stdout } = await run('redis-cli', ['-p', String(this.port), 'ping']);
      return stdout.toString().startsWith('PONG') ? true : undefined;
    });
  }

  /** Accepts and never answers. */
  hang(): void {
    process.kill(this.#daemon?.pid ?? 0, 'SIGSTOP');
  }

  goOn(): void {
    process.kill(this.#daemon?.pid ?? 0, 'SIGCONT');
  }

  /** What a command prints. */
  async command(...args: readonly string[]): Promise<string> {
    const { stdout } = await runOk('redis-cli', ['-p', String(this.port), ...args]);
    return stdout.toString().trim();
  }

  async keys(): Promise<string[]> {
    return (await this.command('keys', '*')).split('\n').filter((line) => line !== '');
  }

  /** Ends the server; it may be started again, with nothing in it. */
  async end(): Promise<void> {
    if (this.#daemon !== undefined) this.goOn();
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  async stop(): Promise<void> {
    await this.end();
    await removeFolder(this.#folder);
  }
}
