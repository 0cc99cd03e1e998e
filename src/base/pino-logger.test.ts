import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayError } from './errors.ts';
import { createPinoLogger } from './pino-logger.ts';
import { Secret } from './secret.ts';

function record(level: 'debug' | 'info' | 'warn' | 'error' = 'debug') {
  const lines: string[] = [];
  const log = createPinoLogger({ level, write: (line) => lines.push(line) });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}');
  return { log, lines, last };
}

describe('createPinoLogger', () => {
  it('writes one JSON line with level, time, fields and message', () => {
    const { log, lines, last } = record();
    log.info({ session: 's1' }, 'opened');
    assert.equal(lines.length, 1);
    const { time, ...rest } = last();
    assert.deepEqual(rest, { level: 'info', session: 's1', msg: 'opened' });
    assert.ok(!Number.isNaN(Date.parse(String(time))));
  });

  it('writes nothing below its level', () => {
    const { log, lines } = record('warn');
    log.debug({}, 'a');
    log.info({}, 'b');
    assert.equal(lines.length, 0);
    log.warn({}, 'c');
    log.error({}, 'd');
    assert.equal(lines.length, 2);
  });

  it('gives its fields to every line of a child', () => {
    const { log, last } = record();
    log.child({ session: 's1' }).child({ scan: 'x' }).warn({ part: '2' }, 'found');
    const { time: _, ...rest } = last();
    assert.deepEqual(rest, { level: 'warn', session: 's1', scan: 'x', part: '2', msg: 'found' });
  });

  it('writes a field once, also when a child names it anew', () => {
    const { log, lines } = record();
    log.child({ client: '10.0.0.1' }).child({ client: '203.0.113.5' }).warn({}, 'x');
    assert.deepEqual(lines[0]?.match(/"client":"[^"]*"/g), ['"client":"203.0.113.5"']);
  });

  it('says of an error what it is, and nothing of our description of it', () => {
    const { log, last } = record();
    log.error({ err: new GatewayError('SPOOL_FAILED', 'no room') }, 'x');
    assert.deepEqual(last()['err'], { code: 'SPOOL_FAILED', retryable: false, message: 'no room' });
  });

  it('never writes a secret: not wrapped, not by its name, not one level down, not in a child', () => {
    const { log, lines } = record();
    log.info({ wrapped: new Secret('hunter2'), password: 'hunter2', login: { pass: 'hunter2' } }, 'x');
    log.child({ token: 'hunter2', deep: { authorization: 'hunter2' } }).info({}, 'x');
    assert.equal(lines.length, 2);
    assert.ok(!lines.join('').includes('hunter2'), lines.join(''));
  });

  it('keeps one line whatever a peer puts into a field', () => {
    const { log, lines, last } = record();
    const name = 'a\r\n{"level":"error"}\u0000\u001b[31m';
    log.info({ name }, 'x');
    assert.equal(lines.join('').trimEnd().split('\n').length, 1);
    assert.equal(last()['name'], name);
  });

  it('keeps texts of 1000 characters and cuts longer ones', () => {
    const { log, last } = record();
    log.info({ name: 'a'.repeat(1_000) }, 'x');
    assert.equal(last()['name'], 'a'.repeat(1_000));
    log.child({ name: 'a'.repeat(1_001) }).info({}, 'x');
    assert.equal(last()['name'], `${'a'.repeat(1_000)}…`);
  });

  it('writes errors with code, fields and causes; a stack only for what nobody expected', () => {
    const { log, last } = record();
    const cause = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    log.error(
      { error: new GatewayError('QUARANTINE_FAILED', 'not stored', { cause, fields: { bytes: 5 } }) },
      'x',
    );
    const expected = last()['error'];
    assert.ok(typeof expected === 'object' && expected !== null && 'cause' in expected);
    const { cause: written, ...rest } = expected;
    assert.deepEqual(rest, { code: 'QUARANTINE_FAILED', retryable: false, bytes: 5, message: 'not stored' });
    assert.match(JSON.stringify(written), /"message":"disk full".*"stack":.*"code":"ENOSPC"/u);
  });
});
