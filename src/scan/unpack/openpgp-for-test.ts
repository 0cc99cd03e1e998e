/** A packet of new format with a length of five octets (RFC 9580 section 4.2.1). */
export function packet(tag: number, body: Buffer): Buffer {
  const length = Buffer.alloc(5, 0xff);
  length.writeUInt32BE(body.length, 1);
  return Buffer.concat([Buffer.from([0xc0 | tag]), length, body]);
}

/** Partial lengths of 512 bytes, then the rest. */
export function partialPacket(tag: number, body: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0xc0 | tag])];
  let at = 0;
  for (; at + 512 < body.length; at += 512) {
    parts.push(Buffer.from([0xe9]), body.subarray(at, at + 512));
  }
  const rest = body.subarray(at);
  return Buffer.concat([...parts, Buffer.from([0xff, 0, 0, rest.length >> 8, rest.length & 255]), rest]);
}

/** The body of a literal data packet with a binary file. */
export function literal(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x62, 5]), Buffer.from('a.exe'), Buffer.alloc(4), content]);
}
