import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { GatewayError } from '../base/errors.ts';
import { MessageSpool, type SpoolAccount } from './message-spool.ts';
import { newSlab, type Slab } from './slab-pool.ts';

const LIMIT = 1000;

class Account implements SpoolAccount {
  readonly directory: string;
  readonly memoryBytesPerMessage = LIMIT;
  memory = 0;
  file = 0;
  available = Infinity;
  readonly again: Slab[] = [];

  constructor(directory: string) {
    this.directory = directory;
  }

  takeMemory(bytes: number): Slab | undefined {
    if (this.memory + bytes > this.available) return undefined;
    this.memory += bytes;
    return newSlab(bytes);
  }

  giveMemory(slab: Slab, mayServeAgain: boolean): void {
    this.memory -= slab.bytes.length;
    if (mayServeAgain) this.again.push(slab);
  }

  countFile(delta: number): void {
    this.file += delta;
  }

  pending = 0;
  countPending(delta: number): void {
    this.pending += delta;
  }

  expected = 0;
  countExpected(delta: number): void {
    this.expected += delta;
  }
}

class Observer {
  readonly failures: GatewayError[] = [];
  progressed(): void {
    // nothing waits
  }
  failed(error: GatewayError): void {
    this.failures.push(error);
  }
}

function bytes(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => i % 251));
}

async function read(message: MessageSpool, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  await message.read(start, buffer);
  return buffer;
}

describe('a message spool', () => {
  let folder = '';
  let account = new Account('');
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-test-'));
    account = new Account(folder);
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const spool = (sizeHint: number) => new MessageSpool(account, sizeHint, new Observer());

  for (const sizeHint of [0, 10, LIMIT]) {
    it(`keeps a message up to the limit in shared memory, whatever was announced: ${sizeHint}`, async () => {
      const message = spool(sizeHint);
      const content = bytes(LIMIT);
      message.append(content.subarray(0, 7));
      message.append(content.subarray(7));
      const complete = await message.complete();
      assert.ok(complete.kind === 'memory');
      assert.ok(complete.buffer instanceof SharedArrayBuffer);
      assert.deepEqual(Buffer.from(new Uint8Array(complete.buffer, 0, complete.byteLength)), content);
      message.release();
      assert.equal(account.memory, 0);
    });
  }

  it('moves a message one byte over the limit to a file, complete and in order', async () => {
    const message = spool(0);
    const content = bytes(LIMIT + 1);
    message.append(content.subarray(0, LIMIT));
    message.append(content.subarray(LIMIT));
    assert.equal((await message.complete()).kind, 'file');
    assert.deepEqual(await read(message, 0, LIMIT + 1), content);
    assert.deepEqual(await read(message, 500, 700), content.subarray(500, 700));
    assert.equal(account.memory, 0);
    assert.equal(account.file, LIMIT + 1);
    message.release();
    assert.equal(account.file, 0);
  });

  it('goes to a file at once when more is announced than memory may hold, or memory is short', async () => {
    assert.equal((await spool(LIMIT + 1).complete()).kind, 'file');
    account.available = 9;
    assert.equal((await spool(10).complete()).kind, 'file');
    assert.equal((await spool(9).complete()).kind, 'memory');
  });

  it('writes blocks of any size to the file in order', async () => {
    const message = spool(LIMIT + 1);
    const content = bytes(700_001);
    for (let at = 0; at < content.length; at += 99_991) message.append(content.subarray(at, at + 99_991));
    await message.complete();
    assert.ok((await read(message, 0, content.length)).equals(content));
    message.release();
  });

  it('keeps a file nobody else can open', async () => {
    const message = spool(LIMIT + 1);
    message.append(bytes(5));
    const complete = await message.complete();
    assert.ok(complete.kind === 'file');
    assert.deepEqual(fs.readdirSync(folder), []);
    const { mode, nlink } = fs.fstatSync(complete.fd);
    assert.equal(mode & 0o777, 0o600);
    assert.equal(nlink, 0);
    message.release();
  });

  it('lives until its last holder lets go', async () => {
    const message = spool(LIMIT + 1);
    message.append(bytes(5));
    message.retain();
    message.release();
    assert.deepEqual(await read(message, 0, 5), bytes(5));
    message.release();
    await assert.rejects(read(message, 0, 5), { code: 'SPOOL_FAILED' });
  });

  it('gives its memory for another message when every thread is through with it, not before', () => {
    const abandoned = spool(10);
    abandoned.release();
    assert.equal(account.again.length, 0);
    const answered = spool(10);
    answered.throughWithThreads();
    answered.retain();
    answered.release();
    assert.equal(account.again.length, 0);
    answered.release();
    assert.equal(account.again.length, 1);
    assert.equal(account.memory, 0);
  });

  it('gives the memory it grew out of for another message, unless somebody may still read it', () => {
    const growing = spool(10);
    growing.append(bytes(11));
    assert.equal(account.again.length, 1);
    growing.retain();
    growing.append(bytes(LIMIT - 11));
    growing.append(bytes(1));
    assert.equal(account.again.length, 1);
    assert.equal(account.memory, 0);
  });

  it('shows nothing of what its memory held before', () => {
    const message = spool(10);
    message.append(bytes(3));
    assert.equal(message.view(0, 10)?.length, 3);
  });

  it('expects what was announced, doubles when nothing was, and in the end counts what came', async () => {
    const announced = spool(700_000);
    assert.equal(account.expected, 700_000);
    announced.append(bytes(5));
    await announced.complete();
    assert.equal(account.expected, 5);
    announced.release();
    const open = spool(0);
    assert.equal(account.expected, 64 * 1024);
    open.append(bytes(64 * 1024));
    assert.equal(account.expected, 64 * 1024);
    open.append(bytes(1));
    assert.equal(account.expected, 2 * (64 * 1024 + 1));
    await open.complete();
    assert.equal(account.expected, 64 * 1024 + 1);
    assert.equal(account.pending, 0);
    open.release();
    assert.equal(account.expected, 0);
  });

  it('fails with its code when the folder is unusable', () => {
    account = new Account(path.join(folder, 'missing'));
    assert.throws(() => spool(LIMIT + 1), { code: 'SPOOL_FAILED' });
    const message = spool(0);
    assert.throws(() => message.append(bytes(LIMIT + 1)), { code: 'SPOOL_FAILED' });
    message.release();
    assert.equal(account.memory, 0);
  });
});
