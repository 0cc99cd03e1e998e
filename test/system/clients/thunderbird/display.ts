import { Daemon } from '../../harness/program.ts';
import { eventually } from '../../harness/wait.ts';

const START_TIMEOUT_MS = 20_000;

/** A screen in memory, for programs that insist on one. */
export class Display {
  readonly name: string;
  readonly #daemon: Daemon;

  private constructor(name: string, daemon: Daemon) {
    this.name = name;
    this.#daemon = daemon;
  }

  static async start(): Promise<Display> {
    const size = ['-screen', '0', '1280x900x24'];
    const daemon = new Daemon('Xvfb', ['-displayfd', '1', '-nolisten', 'tcp', '-noreset', ...size]);
    const number = await eventually(
      'Xvfb names its display',
      START_TIMEOUT_MS,
      () => {
        daemon.assertRunning();
        return /^(\d+)\n/m.exec(daemon.output)?.[1];
      },
      () => daemon.output,
    );
    return new Display(`:${number}`, daemon);
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
  }
}
