import { existsSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { openQuarantine, type Quarantine } from '../quarantine/open-quarantine.ts';
import { EXIT_OK, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import type { Io } from './io.ts';
import { QUARANTINE_ACTIONS } from './quarantine-actions.ts';
import { readQuarantineArguments } from './quarantine-values.ts';
import { createStderrLogger } from './stderr-logger.ts';

const HELP = `Usage: postern quarantine list [FILTER]... [--limit N] [--json]
       postern quarantine show ID [--json]
       postern quarantine preview ID [--json]
       postern quarantine export ID -o FILE|- [--zip] [--password TEXT]
       postern quarantine release ID --reason TEXT [--user NAME] [--offer-anew]
       postern quarantine withdraw RELEASE
       postern quarantine releases [--all] [--json]
       postern quarantine delete ID
       postern quarantine audit [--limit N] [--json]
       postern quarantine rebuild

Shows the originals that were kept, newest first, writes one out, lets its content through, or deletes it.
An exported original is as dangerous as it was: do not open it with a mail program.

  ID              the identifier, or its first 8 or more characters when they are unique
  --cause CAUSE   malicious, suspicious, encrypted, bomb, ...
  --rule, --sender, --subject TEXT   part of it; --user NAME   login name
  --from, --to TIME   last seen at or after, and before; such as 2026-11-21 or 2026-11-21T08:00Z
  --digest HEX    beginning of the SHA-256
  --limit N       lines at most (default 1000)
  -o, --output    new file to write; an existing one is never overwritten; - is standard output
  --zip           a zip with a password ("infected", or --password) instead of the plain message
  --user NAME     release for this user only; without it for everybody
  --offer-anew    IMAP users who were given the substitute get the original as a new message
  --path FOLDER   quarantine folder instead of that of the configuration
  --json          one JSON object per line
${CONFIG_HELP}
  --help          this text

A release holds from the next fetch on, until it is withdrawn. What is done here is in the audit trail.
"rebuild" puts originals that the index does not know into it, after the index was lost.

Exit code: 0 done; 2 no such original, or an error.
`;

/** Of the folder that `--path` names; its key is beside it, as by default. */
function openFor(path: string | undefined, config: string | undefined, io: Io): Quarantine {
  const { quarantine } = loadForTool(config, io.env);
  const folder = path ?? quarantine.path;
  if (!existsSync(folder)) {
    throw new UsageError(
      `there is no quarantine at ${folder}; nothing was kept yet, or name another with --path`,
    );
  }
  const { keyFile, ...rest } = quarantine;
  const named = path === undefined && keyFile !== undefined ? { keyFile } : {};
  return openQuarantine({ ...rest, ...named, path: folder }, systemClock, createStderrLogger(io));
}

export const quarantineCommand: Command = {
  name: 'quarantine',
  summary: 'list, show, export, release and delete the originals that were kept',
  help: HELP,
  async run(argv, io) {
    const { values, positionals } = readQuarantineArguments(argv);
    const [name = '', id = '', ...rest] = positionals;
    const action = QUARANTINE_ACTIONS.get(name);
    if (action === undefined || action.needsId !== (id !== '') || rest.length > 0) {
      const usages = [...QUARANTINE_ACTIONS].map(([one, { needsId }]) => (needsId ? `${one} ID` : one));
      throw new UsageError(`say one of: ${usages.join(', ')}`);
    }
    action.check?.(values);
    const quarantine = openFor(values.path, values.config, io);
    try {
      await action.run({ quarantine, values, id, io });
    } finally {
      await quarantine.archive.close();
    }
    return EXIT_OK;
  },
};
