import { type Answer, type Door, LoadConnection } from '../load-connection.ts';
import { countOf, SIZES, sizeUser } from '../mail-box.ts';
import type { Figures } from '../result.ts';
import { type Setting, withContenders } from '../setting.ts';
import { quantile } from '../statistics.ts';

/** A 10 KB message, the common size, and a 1 MB one. */
const MEASURED_SIZES = [SIZES[0], SIZES[2]] as const;

/** New mail in each: what scans is compiled after some 600 messages (2.2, then 1.5 ms), and a gateway runs for weeks. */
const WARM_UP_ROUNDS = 4;
const WARM_UP_FETCHES = 200;

async function fetches(door: Door, size: number, count: number): Promise<Answer[]> {
  const connection = await LoadConnection.inbox(door, sizeUser(size));
  const answers: Answer[] = [];
  for (let message = 0; message < count; message += 1) {
    answers.push(await connection.command(`FETCH ${(message % countOf(size)) + 1} BODY.PEEK[]`));
  }
  await connection.close();
  return answers;
}

interface Case {
  readonly contender: string;
  readonly cache: 'cold' | 'warm' | '';
  readonly door: (tls: boolean) => Door;
}

async function measure(each: Case, setting: Setting, size: number, figures: Figures): Promise<void> {
  const many = Math.min(setting.scale.latencyFetches, countOf(size) * 10);
  // cold: no message twice
  const count = each.cache === 'cold' ? Math.min(many, countOf(size)) : many;
  if (each.cache === 'cold') {
    await setting.mailServer.renew('once');
  }
  const answers = await fetches(each.door(false), size, count);
  const condition = [`${size / 1000} KB`, each.cache].filter((word) => word !== '').join(' ');
  const figure = { measure: 'latency', contender: each.contender, condition, unit: 'ms' };
  for (const [what, values] of [
    ['first byte', answers.map(({ firstByteMs }) => firstByteMs)],
    ['whole message', answers.map(({ wholeMs }) => wholeMs)],
  ] as const) {
    figures.add({ ...figure, what: `${what} p50` }, quantile(values, 0.5));
    figures.add({ ...figure, what: `${what} p99` }, quantile(values, 0.99));
  }
}

/** One client, one message after the other, beside a connection without anything in between. */
export async function measureLatency(setting: Setting, figures: Figures): Promise<void> {
  const names = ['haproxy', 'nginx', 'dovecot', 'perdition', 'node-forwarder', 'postern'];
  await withContenders(names, setting, async (contenders) => {
    const direct = { port: setting.mailServer.imapPort, tls: false };
    const cases: Case[] = [
      { contender: 'direct', cache: '', door: () => direct },
      ...contenders.flatMap((running): Case[] => {
        const caches = running.name === 'postern' ? (['cold', 'warm'] as const) : ([''] as const);
        return caches.map((cache) => ({ contender: running.name, cache, door: (tls) => running.door(tls) }));
      }),
    ];
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
      await setting.mailServer.renew('once');
      for (const { door } of cases) {
        await fetches(door(false), SIZES[0], WARM_UP_FETCHES);
      }
    }
    for (let round = 0; round < setting.scale.rounds; round += 1) {
      for (const size of MEASURED_SIZES) {
        for (const each of cases) {
          await measure(each, setting, size, figures);
        }
      }
    }
  });
}
