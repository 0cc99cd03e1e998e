/** Builds compound files for tests: 512-byte sectors, every stream in ordinary sectors unless it is small. */

export interface TestStream {
  readonly name: string;
  readonly bytes: Buffer;
}

const SECTOR = 512;
const MINI = 64;
const CUTOFF = 4096;
const END = 0xffff_fffe;
const FREE = 0xffff_ffff;
const FAT_MARK = 0xffff_fffd;

function pad(bytes: Buffer, unit: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)]);
}

function entry(name: string, type: number, start: number, size: number): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write(name, 'utf16le');
  bytes.writeUInt16LE(name.length * 2 + 2, 64);
  bytes[66] = type;
  bytes.writeInt32LE(-1, 68);
  bytes.writeInt32LE(-1, 72);
  bytes.writeInt32LE(-1, 76);
  bytes.writeUInt32LE(start, 116);
  bytes.writeUInt32LE(size, 120);
  return bytes;
}

/** Sectors and their chains. */
class Sectors {
  readonly data: Buffer[] = [];
  readonly next: number[] = [];

  add(bytes: Buffer): number {
    const padded = pad(bytes, SECTOR);
    const first = this.next.length;
    for (let at = 0; at < padded.length; at += SECTOR) {
      this.data.push(padded.subarray(at, at + SECTOR));
      this.next.push(at + SECTOR < padded.length ? this.next.length + 1 : END);
    }
    return padded.length === 0 ? END : first;
  }
}

function table(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, index) => bytes.writeUInt32LE(number, index * 4));
  return bytes;
}

/** A compound file with the given streams; up to about 60 KB in all, because one FAT sector has to do. */
export function buildOle(streams: readonly TestStream[]): Buffer {
  const sectors = new Sectors();
  const mini: Buffer[] = [];
  const miniNext: number[] = [];
  const entries: Buffer[] = [];
  for (const { name, bytes } of streams) {
    const small = bytes.length < CUTOFF;
    const start = small ? miniNext.length : sectors.add(bytes);
    entries.push(entry(name, 2, start, bytes.length));
    if (small) {
      const padded = pad(bytes, MINI);
      mini.push(padded);
      for (let at = 0; at < padded.length; at += MINI) {
        miniNext.push(at + MINI < padded.length ? miniNext.length + 1 : END);
      }
    }
  }
  const miniStream = Buffer.concat(mini);
  const root = entry('Root Entry', 5, sectors.add(miniStream), miniStream.length);
  const directoryAt = sectors.add(Buffer.concat([root, ...entries]));
  const miniFatAt = sectors.add(table(miniNext));
  const fatAt = sectors.next.length;
  const chains = [...sectors.next, FAT_MARK];
  const fat = table([...chains, ...Array.from({ length: 128 - chains.length }, () => FREE)]);
  const header = Buffer.alloc(SECTOR);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(header);
  header.writeUInt16LE(0x3e, 24);
  header.writeUInt16LE(3, 26);
  header.writeUInt16LE(0xfffe, 28);
  header.writeUInt16LE(9, 30);
  header.writeUInt16LE(6, 32);
  header.writeUInt32LE(1, 44);
  header.writeUInt32LE(directoryAt, 48);
  header.writeUInt32LE(CUTOFF, 56);
  header.writeUInt32LE(miniFatAt, 60);
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(END, 68);
  header.fill(0xff, 76);
  header.writeUInt32LE(fatAt, 76);
  return Buffer.concat([header, ...sectors.data, fat]);
}

/** MS-OVBA compression with literals only. */
export function compressVba(source: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([1])];
  for (let at = 0; at < source.length; at += 3640) {
    const chunk = source.subarray(at, at + 3640);
    const body: Buffer[] = [];
    for (let i = 0; i < chunk.length; i += 8) {
      body.push(Buffer.from([0]), chunk.subarray(i, i + 8));
    }
    const data = Buffer.concat(body);
    const header = Buffer.alloc(2);
    header.writeUInt16LE(0xb000 | (data.length - 1));
    parts.push(header, data);
  }
  return Buffer.concat(parts);
}

/** The packager's format around a file. */
export function packageObject(name: string, file: Buffer): Buffer {
  const label = Buffer.from(`${name}\0C:\\${name}\0`);
  const path = Buffer.from(`C:\\${name}\0`);
  const head = Buffer.from([2, 0]);
  const middle = Buffer.alloc(8);
  middle.writeUInt16LE(3, 2);
  middle.writeUInt32LE(path.length, 4);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(file.length);
  return Buffer.concat([head, label, middle, path, size, file]);
}
