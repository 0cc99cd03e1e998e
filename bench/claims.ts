import type { Figure } from './result.ts';

/** One sentence about Postern with what this run says of it. */
export interface Claim {
  readonly text: string;
  readonly value: number;
  readonly limit: string;
  readonly kept: boolean;
}

type Find = (measure: string, contender: string, condition: string, what: string) => number;

function atMost(text: string, value: number, limit: number, unit = 'times'): Claim {
  return { text, value, limit: `≤ ${limit} ${unit}`, kept: value <= limit };
}

function atLeast(text: string, value: number, limit: number, unit = 'times'): Claim {
  return { text, value, limit: `≥ ${limit} ${unit}`, kept: value >= limit };
}

function throughputClaims(find: Find): Claim[] {
  const cpu = (contender: string, condition: string) => find('throughput', contender, condition, 'CPU');
  const cold = cpu('postern', 'clear cold');
  const pair = cpu('nginx', 'clear') + find('scanning', 'clamd', '500 rules', 'CPU');
  return [
    atMost(
      'Tunnelled, CPU per GB beside HAProxy',
      cpu('postern-tunnel', 'clear') / cpu('haproxy', 'clear'),
      1.5,
    ),
    atMost(
      'Held, warm, in the clear, beside HAProxy',
      cpu('postern', 'clear warm') / cpu('haproxy', 'clear'),
      5,
    ),
    atMost('Held, warm, over TLS, beside HAProxy', cpu('postern', 'tls warm') / cpu('haproxy', 'tls'), 3),
    atMost(
      'Held, warm, over TLS, beside the Dovecot proxy',
      cpu('postern', 'tls warm') / cpu('dovecot', 'tls'),
      0.3,
    ),
    atLeast('CPU per GB of nginx mail and clamd beside Postern cold', pair / cold, 10),
    atLeast(
      'Messages per CPU second of the scan alone, in a process that runs, beside clamd',
      find('scanning', 'postern, running', '500 rules', 'rate') /
        find('scanning', 'clamd', '500 rules', 'rate'),
      10,
    ),
    atLeast(
      'Messages per CPU second through the whole gateway, cold, beside clamd alone',
      find('throughput', 'postern', 'clear cold', 'messages per CPU second') /
        find('scanning', 'clamd', '500 rules', 'rate'),
      10,
    ),
  ];
}

function sessionClaims(find: Find): Claim[] {
  const rate = (contender: string) => find('sessions', contender, 'tls', 'rate');
  const perSecond = (contender: string) => 1e6 / find('sessions', contender, 'tls', 'CPU');
  return [
    atLeast('TLS sessions per second beside the Dovecot proxy', rate('postern') / rate('dovecot'), 0.9),
    atLeast(
      'TLS sessions per CPU second beside the Dovecot proxy',
      perSecond('postern') / perSecond('dovecot'),
      0.9,
    ),
  ];
}

function latencyClaims(find: Find): Claim[] {
  const whole = (contender: string, condition: string) =>
    find('latency', contender, condition, 'whole message p50');
  const push = (what: string, condition: string) => find('push', 'postern', condition, `${what} p99`);
  return [
    atMost(
      'Added by a cached verdict, 10 KB, median',
      whole('postern', '10 KB warm') - whole('direct', '10 KB'),
      2,
      'ms',
    ),
    atMost(
      'Added by a scan, 10 KB, median',
      whole('postern', '10 KB cold') - whole('direct', '10 KB'),
      2,
      'ms',
    ),
    ...['saturated', 'slow scans'].flatMap((load) =>
      ['IDLE push', 'NOOP'].flatMap((what) => [
        atMost(`${what} p99, ${load}, beside unsaturated`, push(what, load) / push(what, 'unsaturated'), 1.5),
        atMost(`${what} p99, ${load}`, push(what, load), 20, 'ms'),
      ]),
    ),
  ];
}

function memoryClaims(figures: readonly Figure[]): Claim[] {
  const found = figures.find(({ measure, contender }) => measure === 'memory' && contender === 'postern');
  const value = found?.spread.median ?? Number.NaN;
  return [atMost(`Memory per idle TLS connection (${found?.condition ?? ''})`, value, 64, 'KiB')];
}

/** Issue 6 in figures; what was not measured in this run is left out. */
export function claims(figures: readonly Figure[]): Claim[] {
  const find: Find = (measure, contender, condition, what) =>
    figures.find(
      (figure) =>
        figure.measure === measure &&
        figure.contender === contender &&
        figure.condition === condition &&
        figure.what === what,
    )?.spread.median ?? Number.NaN;
  const all = [
    ...throughputClaims(find),
    ...sessionClaims(find),
    ...latencyClaims(find),
    ...memoryClaims(figures),
  ];
  return all.filter(({ value }) => !Number.isNaN(value));
}
