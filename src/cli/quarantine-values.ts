import { readArguments } from './command.ts';

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

/** Arguments of all its actions. */
export function readQuarantineArguments(argv: readonly string[]) {
  return readArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: TEXT,
      path: TEXT,
      json: FLAG,
      output: { type: 'string', short: 'o' },
      zip: FLAG,
      password: TEXT,
      cause: TEXT,
      rule: TEXT,
      user: TEXT,
      sender: TEXT,
      subject: TEXT,
      from: TEXT,
      to: TEXT,
      digest: TEXT,
      limit: TEXT,
      reason: TEXT,
      'offer-anew': FLAG,
      all: FLAG,
    },
  });
}

export type QuarantineValues = ReturnType<typeof readQuarantineArguments>['values'];
