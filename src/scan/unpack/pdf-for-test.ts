export function ascii85(bytes: Buffer): Buffer {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const chunk = bytes.subarray(at, at + 4);
    let value = Buffer.concat([chunk, Buffer.alloc(4 - chunk.length)]).readUInt32BE();
    let group = '';
    for (let i = 0; i < 5; i += 1) {
      group = String.fromCharCode(33 + (value % 85)) + group;
      value = Math.floor(value / 85);
    }
    text += group.slice(0, chunk.length + 1);
  }
  return Buffer.from(`${text}~>`);
}

/** `run`: literal bytes of each run, 128 at most; short ones tear a word apart. */
export function runLength(bytes: Buffer, run: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += run) {
    const chunk = bytes.subarray(at, at + run);
    parts.push(Buffer.from([chunk.length - 1]), chunk);
  }
  return Buffer.concat([...parts, Buffer.from([128])]);
}

/** LZW as PDF wants it, clearing the table before codes grow beyond 9 bits. */
export function lzw(bytes: Buffer): Buffer {
  const codes = [256];
  bytes.forEach((byte, index) => codes.push(...(index > 0 && index % 250 === 0 ? [256, byte] : [byte])));
  codes.push(257);
  const bits = codes.map((code) => code.toString(2).padStart(9, '0')).join('');
  return Buffer.from((bits.match(/.{1,8}/g) ?? []).map((octet) => Number.parseInt(octet.padEnd(8, '0'), 2)));
}

export function pdf(dictionary: string, data: Buffer, length = data.length): Buffer {
  const head = `%PDF-1.7\n1 0 obj\n<< ${dictionary} /Length ${length} >>\nstream\n`;
  return Buffer.concat([Buffer.from(head), data, Buffer.from('\nendstream\nendobj\n')]);
}
