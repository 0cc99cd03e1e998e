import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { RETRY_MS, SourceSchedule } from './source-schedule.ts';

const EVERY_MS = 3_600_000;

describe('schedule of rule sources', () => {
  it('looks in its interval, and sooner after a failure, and tells what it saw', async () => {
    const clock = new FakeClock();
    const results: (boolean | Error)[] = [true, new Error('gone'), new Error('gone'), false];
    const events: string[] = [];
    const source = {
      name: 'mail',
      refresh: async () => {
        const result = results.shift() ?? false;
        events.push('look');
        if (result instanceof Error) throw result;
        return result;
      },
      close: async () => void events.push('closed'),
    };
    const schedule = new SourceSchedule([{ source, everyMs: EVERY_MS }], clock, {
      onStaged: async (name) => void events.push(`staged ${name}`),
      onChecked: ({ problem }) => events.push(problem ?? 'fine'),
    });
    const turn = async (ms: number): Promise<readonly string[]> => {
      clock.advance(ms);
      await new Promise(setImmediate);
      return events.splice(0);
    };
    await schedule.start();
    assert.deepEqual(await turn(0), ['look', 'fine', 'staged mail']);
    assert.deepEqual(await turn(EVERY_MS - 1), []);
    assert.deepEqual(await turn(1), ['look', 'gone']);
    assert.equal(schedule.states[0]?.problem, 'gone');
    assert.deepEqual(await turn(RETRY_MS), ['look', 'gone']);
    assert.deepEqual(await turn(RETRY_MS), []);
    assert.deepEqual(await turn(RETRY_MS), ['look', 'fine']);
    assert.deepEqual(await turn(EVERY_MS - 1), []);
    await schedule.stop();
    assert.deepEqual(await turn(EVERY_MS), ['closed']);
  });
});
