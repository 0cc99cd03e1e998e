import { EXIT_NO, EXIT_OK, readArguments, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import { nftRules, redirections } from './nft-rules.ts';

const HELP = `Usage: postern nft [--config FILE] [--interface NAME]... [--local-except USER] [--json]

Prints the nftables rules that lead connections to the transparent listeners of the configuration. Load them
with "postern nft | nft -f -"; loading them again replaces them, "nft delete table inet postern" removes them.

  --interface NAME      only traffic that comes in there; may be repeated
  --local-except USER   also what programs on this machine send, except those of USER (who runs the gateway)
  --json                one JSON object: {"redirections":[{"ports","to"}]}
${CONFIG_HELP}
  --help                this text

Exit code: 0 done; 1 there is no transparent listener; 2 the configuration is not valid.
`;

/** IFNAMSIZ of Linux less the zero; what nftables takes between quotes. */
const INTERFACE = /^[\w.@:-]{1,15}$/u;
/** A name or number of a user. */
const USER = /^[\w.-]{1,32}$/u;

function check(pattern: RegExp, value: string, what: string): string {
  if (!pattern.test(value)) throw new UsageError(`${JSON.stringify(value)} is not ${what}`);
  return value;
}

export const nftCommand: Command = {
  name: 'nft',
  summary: 'print nftables rules for the transparent listeners',
  help: HELP,
  async run(argv, io) {
    const { values } = readArguments({
      args: [...argv],
      options: {
        config: { type: 'string' },
        interface: { type: 'string', multiple: true, default: [] },
        'local-except': { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const redirects = redirections(loadForTool(values.config, io.env));
    if (redirects.length === 0) {
      io.err('no listener is transparent; set listeners[].transparent: true and a port\n');
      return EXIT_NO;
    }
    const local = values['local-except'];
    const options = {
      interfaces: values.interface.map((name) => check(INTERFACE, name, 'the name of an interface')),
      localExcept: local === undefined ? undefined : check(USER, local, 'a user'),
    };
    await io.out(
      values.json ? `${JSON.stringify({ redirections: redirects })}\n` : nftRules(redirects, options),
    );
    return EXIT_OK;
  },
};
