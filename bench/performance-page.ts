import type { Machine } from './machine.ts';
import type { Figure } from './result.ts';
import { type Claim, claims } from './claims.ts';

export interface Report {
  readonly scale: string;
  readonly corpus: { readonly messages: number; readonly megabytes: number };
  readonly rounds: number;
  readonly seconds: number;
  readonly machine: Machine;
  readonly figures: readonly Figure[];
}

const TITLES: Readonly<Record<string, readonly [title: string, text: string]>> = {
  throughput: [
    'Moving mail',
    'Eight connections fetch every message. CPU of the whole process tree; the figure to trust on a busy machine. `cold`: every message is new and scanned in full depth with 500 rules; `warm`: the verdicts are in the cache. Before it is measured, every program has moved the corpus sixteen times, in clear and over TLS: code that is not compiled yet is no cost of moving mail. `postern-tunnel`: protection switched off. TLS is towards the client.',
  ],
  sessions: [
    'Sessions',
    'Sixteen visitors connect, log in and leave, for 16 s before it is measured (quick run: 1 s); with TLS each does a full handshake. `tls`: the key exchange is X25519, which all of them speak; `tls, ML-KEM`: the client prefers X25519MLKEM768, which only the OpenSSL of Node has here, and which costs more. With TLS the visitors are busy themselves: who needs less than a core is as fast as they are, and only the CPU tells them apart.',
  ],
  latency: [
    'Latency',
    'One client, one message after the other. `direct` has nothing between client and server. A gateway that holds a message until it is judged shows its first byte when the verdict is there.',
  ],
  push: [
    'Waiting for mail beside the scans of others',
    'IDLE push: from the arrival at the server to the announcement at the client. NOOP: a round trip. Over TLS. `saturated`: eight clients fetch new mail without end through the same gateway on the same core, and give way to the clients that are timed and to the server (niceness, a short time slice), so that their core adds little. `slow scans`: they fetch mail of 2 MB that takes a second of a core each to scan, so that all scan threads are busy without end and little mail moves. `direct`: the same without anything between. The last column is a NOOP to the mail server past the contender, in turn with those through it: what of them is the mail server and the load generator, who share a core.',
  ],
  memory: ['Idle connections', 'Proportional set size per logged-in TLS connection that is silent.'],
  scanning: [
    'Scanning alone',
    'The same rules, one core, CPU seconds of the scanner. clamd and `postern, running` are there before the first message comes: the latter is the scan of one thread, its code compiled by other mail. `postern scan` is the command, from its start to its end less a start without mail. The yara command decodes nothing and so finds nothing in an attachment: it is a floor, not a rival.',
  ],
};

function digits(value: number): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function cell({ spread, unit }: Figure): string {
  const range = spread.min === spread.max ? '' : ` (${digits(spread.min)} to ${digits(spread.max)})`;
  return `${digits(spread.median)}${range} ${unit}`;
}

function table(figures: readonly Figure[]): string {
  const columns = [...new Set(figures.map(({ what }) => what))];
  const rows = [...new Set(figures.map(({ contender, condition }) => `${contender}|${condition}`))];
  const lines = rows.map((row) => {
    const cells = columns.map((column) => {
      const found = figures.find(
        (figure) => figure.what === column && `${figure.contender}|${figure.condition}` === row,
      );
      return found === undefined ? '' : cell(found);
    });
    return `| ${[...row.split('|'), ...cells].join(' | ')} |`;
  });
  const head = `| | | ${columns.join(' | ')} |\n|---|---|${columns.map(() => '---').join('|')}|`;
  return `${head}\n${lines.join('\n')}\n`;
}

function section(measure: string, figures: readonly Figure[]): string {
  const [title, text] = TITLES[measure] ?? [measure, ''];
  return `## ${title}\n\n${text}\n\n${table(figures)}`;
}

function claimTable(claims: readonly Claim[]): string {
  const rows = claims.map(
    ({ text, value, limit, kept }) =>
      `| ${text} | ${digits(value)} | ${limit} | ${kept ? 'yes' : '**no**'} |`,
  );
  return `| Promise | Measured | Limit | Kept |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** docs/PERFORMANCE.md. */
export function performancePage(report: Report): string {
  const { machine, corpus, figures } = report;
  const measures = [...new Set(figures.map(({ measure }) => measure))];
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `# Performance

Written by \`npm run bench\` on ${machine.date} (${report.scale} run, ${report.seconds} s); figures for programs in \`bench/results.json\`.

- Machine: ${machine.cores} cores, ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}; load average of the quarter of an hour ${machine.loadAverage}.
- What is measured has one core to itself; load generator and mail server have the other one. Loopback.
- Corpus: ${corpus.messages} realistic messages, ${corpus.megabytes} MB (\`test/corpus/realistic-mail.ts\`); 500 rules.
- Each figure is the median of ${report.rounds} interleaved round${report.rounds === 1 ? '' : 's'}, lowest and highest in brackets.
- ${versions.join(', ')}.

## Promises

Ratios within this run.

${claimTable(claims(figures))}
${measures
  .map((measure) =>
    section(
      measure,
      figures.filter((figure) => figure.measure === measure),
    ),
  )
  .join('\n')}`;
}
