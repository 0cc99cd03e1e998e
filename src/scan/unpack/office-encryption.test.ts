import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { describe, it } from 'node:test';
import { officeDecryptor } from './office-encryption.ts';

/** Salt, verifier and its hash of a document that Word encrypted; its password and key are known. */
const SALT = 'e88266490c5bd1eebd2b4394e3f830ef';
const VERIFIER = '516f732e966fac17b1c5d7d8cc36c928';
const VERIFIER_HASH = '2b6168dabe2911ad2bd37c1746745c14d3cf1bb140a48f4e6f3d23880872b16a';
const KEY = Buffer.from('40b13a71f90b966e375408f2d181a1aa', 'hex');
const PASSWORD = 'Password1234_';

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32LE(value, 4 * index));
  return bytes;
}

function info(): Buffer {
  const header = u32(0x24, 0, 0x660e, 0x8004, 128, 0x18, 0, 0);
  return Buffer.concat([
    Buffer.from('03000200', 'hex'),
    u32(0x24, header.length),
    header,
    u32(16),
    Buffer.from(SALT + VERIFIER, 'hex'),
    u32(20),
    Buffer.from(VERIFIER_HASH, 'hex'),
  ]);
}

function packageOf(content: Buffer): Buffer {
  const padded = Buffer.concat([content, Buffer.alloc(16 - (content.length % 16))]);
  const sealed = createCipheriv('aes-128-ecb', KEY, null).setAutoPadding(false).update(padded);
  return Buffer.concat([u32(content.length, 0), sealed]);
}

describe('standard encryption of Office packages', () => {
  const content = Buffer.from('PK and the rest of a package');
  const decryptor = officeDecryptor(info(), packageOf(content));

  it('opens with the password of the published document', () => {
    assert.deepEqual(decryptor?.(PASSWORD), content);
  });

  it('refuses another', () => {
    assert.equal(decryptor?.('Password1234'), undefined);
  });
});
