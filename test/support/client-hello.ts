/** What a hello of a test says; GREASE is the caller's to add. */
export interface HelloWords {
  readonly ciphers: readonly number[];
  /** Type and body, in order. */
  readonly extensions: readonly (readonly [number, Buffer])[];
  readonly legacyVersion?: number;
}

function sized(bytes: Buffer, size: 1 | 2 | 3): Buffer {
  const length = Buffer.alloc(size);
  length.writeUIntBE(bytes.length, 0, size);
  return Buffer.concat([length, bytes]);
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
}

export function serverNameBody(name: string): Buffer {
  return sized(Buffer.concat([Buffer.from([0]), sized(Buffer.from(name), 2)]), 2);
}

export function protocolsBody(...names: readonly string[]): Buffer {
  return sized(Buffer.concat(names.map((name) => sized(Buffer.from(name), 1))), 2);
}

export function numbersBody(values: readonly number[], size: 1 | 2): Buffer {
  return sized(numbers(values), size);
}

/** A ClientHello in records of at most `recordBytes`. */
export function writeHello(words: HelloWords, recordBytes = 16_384): Buffer {
  const version = numbers([words.legacyVersion ?? 0x0303]);
  const extensions = words.extensions.map(([type, body]) => Buffer.concat([numbers([type]), sized(body, 2)]));
  const body = Buffer.concat([
    version,
    Buffer.alloc(32, 7),
    sized(Buffer.alloc(32, 9), 1),
    sized(numbers(words.ciphers), 2),
    sized(Buffer.from([0]), 1),
    sized(Buffer.concat(extensions), 2),
  ]);
  const message = Buffer.concat([Buffer.from([1]), sized(body, 3)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const header = Buffer.from([0x16, 3, 1]);
    records.push(Buffer.concat([header, sized(message.subarray(at, at + recordBytes), 2)]));
  }
  return Buffer.concat(records);
}
