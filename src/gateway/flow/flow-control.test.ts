import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createMetrics } from '../../base/metrics.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FlowControl } from './flow-control.ts';
import type { FlowStream } from './flow-stream.ts';

const MIB = 1024 * 1024;
/** 15 of them are for everybody, one is kept for light streams. */
const BUDGET = 16 * MIB;

/** Tells what it was told, in order. */
function fixture(maxBytes = BUDGET) {
  const clock = new FakeClock();
  const registry = new Registry();
  const metrics = createMetrics(registry);
  const flow = new FlowControl({ maxBytes, clock, metrics });
  const told: string[] = [];
  const open = (name: string, user = name): FlowStream =>
    flow.open(
      {
        resumed: () => told.push(`${name} resumed`),
        overdue: () => told.push(`${name} overdue`),
        shed: () => told.push(`${name} shed`),
      },
      user,
    );
  const metric = async (name: string): Promise<number | undefined> =>
    (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  return { clock, open, told, metric };
}

/** Until everything that was put off to the end of the turn has happened. */
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

describe('the byte budget', () => {
  it('grants the announced size at once while there is room', async () => {
    const { open, metric } = fixture();
    const stream = open('a');
    stream.want(7 * MIB);
    assert.equal(stream.isPaused, false);
    assert.equal(await metric('postern_flow_granted_bytes'), 7 * MIB);
    stream.give(7 * MIB);
    assert.equal(await metric('postern_flow_granted_bytes'), 0);
  });

  it('lets a user hold as much as stays free beside it, and not a byte more', () => {
    const { open } = fixture();
    const [a, b] = [open('a'), open('b')];
    a.want(7 * MIB);
    b.want(4 * MIB);
    assert.deepEqual([a.isPaused, b.isPaused], [false, false]);
    b.want(1);
    assert.equal(b.isPaused, true);
  });

  it('counts all sessions of a user together', async () => {
    const { open } = fixture();
    open('ann-1', 'ann').want(6 * MIB);
    const second = open('ann-2', 'ann');
    const other = open('bob');
    second.want(4 * MIB);
    assert.equal(second.isPaused, true);
    other.want(4 * MIB);
    await turn();
    assert.equal(other.isPaused, false, 'who holds nothing goes first');
  });

  it('counts for the user as soon as it is known who he is', () => {
    const { open } = fixture();
    const [first, second] = [open('session-1'), open('session-2')];
    first.want(6 * MIB);
    first.rename('ann');
    second.rename('ann');
    second.want(4 * MIB);
    assert.equal(second.isPaused, true);
  });

  it('keeps a reserve for light streams', () => {
    const { open } = fixture();
    open('heavy').want(7 * MIB);
    open('next').want(7 * MIB);
    const [light, stillLight, heavier] = [open('light'), open('at the limit'), open('over it')];
    light.want(3_000);
    stillLight.want(256 * 1024);
    heavier.want(MIB + 1);
    assert.deepEqual([light.isPaused, stillLight.isPaused, heavier.isPaused], [false, false, true]);
  });

  it('gives room that was made to the lightest user, and then to who waits longest', async () => {
    const { open, told } = fixture();
    const [holder, heavy, early, late] = [open('holder'), open('heavy'), open('early'), open('late')];
    heavy.want(4 * MIB);
    holder.want(7 * MIB);
    heavy.want(2 * MIB);
    early.want(8 * MIB);
    late.want(5 * MIB);
    await turn();
    assert.deepEqual(told, [], 'nothing fits');
    holder.give(7 * MIB);
    await turn();
    assert.deepEqual(told, ['early resumed']);
    early.give(8 * MIB);
    await turn();
    assert.deepEqual(told, ['early resumed', 'late resumed', 'heavy resumed']);
  });

  it('lets nobody but light streams pass who waits', async () => {
    const { open, told } = fixture();
    open('holder').want(8 * MIB);
    const [big, small, light] = [open('big'), open('small'), open('light')];
    big.want(8 * MIB);
    small.want(MIB);
    light.want(1_000);
    await turn();
    assert.deepEqual([big.isPaused, small.isPaused, light.isPaused], [true, true, false]);
    assert.deepEqual(told, []);
  });

  it('goes on with the lightest when all who hold something wait for more', async () => {
    const { open, told } = fixture();
    const [a, b] = [open('a'), open('b')];
    a.want(6 * MIB);
    b.want(4 * MIB);
    a.want(4 * MIB);
    b.want(4 * MIB);
    await turn();
    assert.deepEqual(told, ['b resumed']);
  });

  it('lets in a message that is larger than everything when it is alone, and nobody beside it', async () => {
    const { open, told } = fixture();
    const [giant, other] = [open('giant'), open('other')];
    giant.want(100 * MIB);
    assert.equal(giant.isPaused, false);
    other.want(1);
    assert.equal(other.isPaused, true);
    giant.give(100 * MIB);
    await turn();
    assert.deepEqual(told, ['other resumed']);
  });

  it('forgets who left, and counts what a scan still reads until it is given back', async () => {
    const { open, told, metric } = fixture();
    const [holder, gone, waiting] = [open('holder'), open('gone'), open('waiting')];
    holder.want(8 * MIB);
    gone.want(8 * MIB);
    waiting.want(8 * MIB);
    gone.close();
    holder.close();
    await turn();
    assert.equal(await metric('postern_flow_streams_paused'), 1);
    assert.deepEqual(told, []);
    gone.give(8 * MIB);
    holder.give(8 * MIB);
    await turn();
    assert.deepEqual(told, ['waiting resumed']);
    assert.equal(await metric('postern_flow_granted_bytes'), 8 * MIB);
  });

  it('never grants more than there is, whatever comes in which order', async () => {
    const { open, metric } = fixture();
    const streams = Array.from({ length: 20 }, (_, index) => open(`s${index}`, `user-${index % 7}`));
    const held = streams.map(() => 0);
    for (let step = 0; step < 2_000; step += 1) {
      const index = (step * 7_919) % streams.length;
      const stream = streams[index];
      const bytes = ((step * 104_729) % (3 * MIB)) + 1;
      if (stream?.isPaused === false && step % 3 !== 0) {
        stream.want(bytes);
        held[index] = (held[index] ?? 0) + bytes;
      } else {
        stream?.give(held[index] ?? 0);
        held[index] = 0;
      }
      await Promise.resolve();
      assert.ok(((await metric('postern_flow_granted_bytes')) ?? 0) <= BUDGET);
    }
    streams.forEach((stream, index) => stream.give(held[index] ?? 0));
    assert.equal(await metric('postern_flow_granted_bytes'), 0);
  });
});

describe('a pause', () => {
  it('ends at the limit of what a server tolerates, once', () => {
    const { clock, open, told } = fixture();
    open('holder').want(BUDGET);
    open('waiting').want(MIB);
    const overdue = () => told.filter((line) => line === 'waiting overdue').length;
    clock.advance(119_999);
    assert.equal(overdue(), 0);
    clock.advance(5_000);
    assert.equal(overdue(), 1);
    clock.advance(300_000);
    assert.equal(overdue(), 1);
  });

  it('asks everybody for what is kept only for speed, again and again', () => {
    const { clock, open, told } = fixture();
    open('holder').want(BUDGET);
    open('waiting').want(MIB);
    clock.advance(5_000);
    clock.advance(5_000);
    assert.equal(told.filter((line) => line === 'holder shed').length, 2);
  });

  it('leaves no timer behind', () => {
    const { clock, open, told } = fixture();
    const holder = open('holder');
    const waiting = open('waiting');
    holder.want(BUDGET);
    waiting.want(MIB);
    waiting.close();
    clock.advance(60_000);
    assert.deepEqual(told, []);
  });
});
