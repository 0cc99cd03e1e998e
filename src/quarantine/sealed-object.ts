import { createCipheriv, createDecipheriv, type CipherGCM } from 'node:crypto';
import { GatewayError } from '../base/errors.ts';
import { KEY_ID_BYTES, type KeyRing, WRAPPED_BYTES } from './key-ring.ts';

/*
 * Layout: magic, id of the wrapping key, wrapped data key, length of the record; then the record and its tag, then
 * the content and its tag, both AES-256-GCM under the data key. The data key is used for this object only, so fixed
 * nonces are safe. The head is authenticated with the record, the head and the record's tag with the content: no
 * piece can be exchanged between objects.
 */
const MAGIC = Buffer.from('PSTNQ1\0\0', 'latin1');
const TAG_BYTES = 16;
const HEAD_BYTES = MAGIC.length + KEY_ID_BYTES + WRAPPED_BYTES + 4;
const RECORD_NONCE = Buffer.from('record\0\0\0\0\0\0', 'latin1');
const CONTENT_NONCE = Buffer.from('content\0\0\0\0\0', 'latin1');
/** A record has a few kilobytes, also with hundreds of findings. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024;

function damaged(what: string, cause?: unknown): GatewayError {
  return new GatewayError('QUARANTINE_FAILED', `a quarantined original is damaged (${what})`, { cause });
}

/** Writes one object, chunk by chunk. */
export class ObjectSealer {
  /** What comes first. */
  readonly head: Buffer;
  readonly #cipher: CipherGCM;

  constructor(ring: KeyRing, record: string) {
    const { dataKey, wrapped } = ring.newDataKey();
    const plain = Buffer.from(record);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(plain.byteLength);
    const head = Buffer.concat([MAGIC, Buffer.from(ring.currentId, 'hex'), wrapped, length]);
    const cipher = createCipheriv('aes-256-gcm', dataKey, RECORD_NONCE).setAAD(head);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    const tag = cipher.getAuthTag();
    this.head = Buffer.concat([head, sealed, tag]);
    this.#cipher = createCipheriv('aes-256-gcm', dataKey, CONTENT_NONCE);
    this.#cipher.setAAD(Buffer.concat([head, tag]));
  }

  update(chunk: Uint8Array): Buffer {
    return this.#cipher.update(chunk);
  }

  end(): Buffer {
    const rest = this.#cipher.final();
    return Buffer.concat([rest, this.#cipher.getAuthTag()]);
  }
}

/** Bytes that an object of this size takes beside its content and its record. */
export const SEAL_BYTES = HEAD_BYTES + 2 * TAG_BYTES;

interface OpenedHead {
  readonly record: string;
  readonly dataKey: Buffer;
  readonly aad: Buffer;
  /** Where the content begins. */
  readonly end: number;
}

/** Which key an object needs; the first bytes are enough. Throws when it is none of ours. */
export function keyIdOf(sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.byteLength < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw damaged('it has no head');
  }
  return bytes.toString('hex', MAGIC.length, MAGIC.length + KEY_ID_BYTES);
}

function openHead(ring: KeyRing, sealed: Uint8Array): OpenedHead {
  const keyId = keyIdOf(sealed);
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const wrappedAt = MAGIC.length + KEY_ID_BYTES;
  const length = bytes.readUInt32BE(HEAD_BYTES - 4);
  const tagAt = HEAD_BYTES + length;
  if (length > MAX_RECORD_BYTES || bytes.byteLength < tagAt + TAG_BYTES) throw damaged('it is cut off');
  const dataKey = ring.dataKey(keyId, bytes.subarray(wrappedAt, wrappedAt + WRAPPED_BYTES));
  const head = bytes.subarray(0, HEAD_BYTES);
  const tag = bytes.subarray(tagAt, tagAt + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', dataKey, RECORD_NONCE).setAAD(head).setAuthTag(tag);
  const record = Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, tagAt)), decipher.final()]);
  return { record: record.toString(), dataKey, aad: Buffer.concat([head, tag]), end: tagAt + TAG_BYTES };
}

/** The record of an object. Throws `QUARANTINE_FAILED` when it is damaged or its key is missing. */
export function openRecord(ring: KeyRing, sealed: Uint8Array): string {
  return guarded(() => openHead(ring, sealed).record);
}

/** The content of a whole object. Throws `QUARANTINE_FAILED`; what was changed in one bit is never returned. */
export function openContent(ring: KeyRing, sealed: Uint8Array): Buffer {
  return guarded(() => {
    const { dataKey, aad, end } = openHead(ring, sealed);
    const tagAt = sealed.byteLength - TAG_BYTES;
    if (tagAt < end) throw damaged('it is cut off');
    const decipher = createDecipheriv('aes-256-gcm', dataKey, CONTENT_NONCE).setAAD(aad);
    decipher.setAuthTag(sealed.subarray(tagAt));
    const content = decipher.update(sealed.subarray(end, tagAt));
    decipher.final();
    return content;
  });
}

function guarded<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw error instanceof GatewayError ? error : damaged('its seal is broken', error);
  }
}
