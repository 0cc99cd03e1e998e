import { readdir, readFile, readlink } from 'node:fs/promises';
import { canonicalAddress } from './canonical-address.ts';
import { addressOf, type SocketEnd } from './proxy-header.ts';

/** Sockets of a machine; a larger table is one of a server, where looking for a program makes no sense. */
const MAX_TABLE_BYTES = 8 * 1024 * 1024;
const MAX_PROCESSES = 20_000;
const ESTABLISHED = '01';

export interface LocalOwnerOptions {
  /** Where the kernel shows processes; tests have their own. */
  readonly proc?: string;
}

/**
 * The executable that owns the client's end of a connection on this machine. `undefined` when it is not found
 * or may not be seen: processes of other users are only visible with CAP_SYS_PTRACE.
 */
export async function localOwner(
  client: SocketEnd,
  servers: readonly SocketEnd[],
  { proc = '/proc' }: LocalOwnerOptions = {},
): Promise<string | undefined> {
  const inode = await inodeOf(client, servers, proc);
  return inode === undefined ? undefined : await executableOf(`socket:[${inode}]`, proc);
}

async function inodeOf(
  client: SocketEnd,
  servers: readonly SocketEnd[],
  proc: string,
): Promise<string | undefined> {
  for (const table of ['net/tcp', 'net/tcp6']) {
    const text = await readFile(`${proc}/${table}`, 'latin1').catch(() => '');
    const lines = text.slice(0, MAX_TABLE_BYTES).split('\n').slice(1);
    const found = lines.map((line) => line.trim().split(/\s+/)).find((row) => isRow(row, client, servers));
    if (found?.[9] !== undefined) return found[9];
  }
  return undefined;
}

/** `sl local_address rem_address st … inode`; a redirected connection still has its first destination there. */
function isRow(row: readonly string[], client: SocketEnd, servers: readonly SocketEnd[]): boolean {
  if (row[3] !== ESTABLISHED) return false;
  return isEnd(row[1], client) && servers.some((server) => isEnd(row[2], server));
}

function isEnd(field: string | undefined, end: SocketEnd): boolean {
  const [address = '', port = ''] = (field ?? '').split(':');
  if (Number.parseInt(port, 16) !== end.port || !/^(?:[0-9A-F]{8}|[0-9A-F]{32})$/.test(address)) return false;
  return canonicalAddress(decodeAddress(address)) === canonicalAddress(end.address);
}

/** Words of 32 bits in the byte order of the machine, which is little-endian on everything we run on. */
function decodeAddress(hexadecimal: string): string {
  const bytes = Buffer.from(hexadecimal, 'hex').swap32();
  const isMapped =
    bytes.length === 16 && bytes.subarray(0, 12).equals(Buffer.from(`${'00'.repeat(10)}ffff`, 'hex'));
  return addressOf(isMapped ? bytes.subarray(12) : bytes);
}

async function executableOf(socket: string, proc: string): Promise<string | undefined> {
  const names = (await readdir(proc)).filter((name) => /^\d+$/.test(name)).slice(0, MAX_PROCESSES);
  for (const pid of names) {
    if (await holds(`${proc}/${pid}/fd`, socket)) {
      return await readlink(`${proc}/${pid}/exe`).catch(() => undefined);
    }
  }
  return undefined;
}

async function holds(folder: string, socket: string): Promise<boolean> {
  const descriptors = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => undefined)),
  );
  return targets.includes(socket);
}
