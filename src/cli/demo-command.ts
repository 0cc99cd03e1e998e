import type { Command } from './command.ts';
import { HELP } from './demo/arguments.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'see it work: a small mail server, the gateway and a client, all on this machine',
  help: `${HELP}\n`,
  /** Loaded when asked for: nobody else needs the mail server. */
  async run(argv) {
    const { runDemo } = await import('./demo/demo.ts');
    return runDemo([...argv]);
  },
};
