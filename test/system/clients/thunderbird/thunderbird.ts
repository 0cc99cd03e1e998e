import { join } from 'node:path';
import { Daemon } from '../../harness/program.ts';
import { removeFolder, scratchFolder } from '../../harness/scratch.ts';
import { Display } from './display.ts';
import { Marionette } from './marionette.ts';
import { type Account, createProfile, trustAuthority } from './profile.ts';

export interface ThunderbirdOptions {
  /** The command that leads into the network of the client; its own port may be any there. */
  readonly enter: readonly string[];
  readonly account: Account;
  /** PEM file of an authority that is trusted for servers. */
  readonly authority?: string;
}

const CONTROL_PORT = 2828;

export class Thunderbird {
  readonly profile: string;
  readonly control: Marionette;
  readonly #folder: string;
  readonly #display: Display;
  readonly #daemon: Daemon;

  private constructor(folder: string, display: Display, daemon: Daemon, control: Marionette) {
    this.profile = join(folder, 'profile');
    this.control = control;
    this.#folder = folder;
    this.#display = display;
    this.#daemon = daemon;
  }

  static async start({ enter, account, authority }: ThunderbirdOptions): Promise<Thunderbird> {
    const folder = await scratchFolder('thunderbird');
    const profile = join(folder, 'profile');
    await createProfile(profile, account, CONTROL_PORT);
    if (authority !== undefined) await trustAuthority(profile, authority);
    const display = await Display.start();
    const [program, ...args] = [...enter, 'thunderbird', '--profile', profile, '--no-remote'];
    const daemon = new Daemon(program, [...args, '--marionette', '--remote-allow-system-access'], {
      env: { HOME: folder, DISPLAY: display.name, NO_AT_BRIDGE: '1', LANG: 'en_US.UTF-8', TB_NO: '' },
    });
    const control = await Marionette.connect(enter, CONTROL_PORT, () => daemon.output);
    return new Thunderbird(folder, display, daemon, control);
  }

  get output(): string {
    return this.#daemon.output;
  }

  async stop(): Promise<void> {
    this.control.close();
    await this.#daemon.stop('SIGKILL');
    await this.#display.stop();
    await removeFolder(this.#folder);
  }
}
