import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type koffi from 'koffi';
import { addressOf, type SocketEnd } from './proxy-header.ts';

/** From the Linux headers: level of IPv4 and IPv6, and the one option that both call 80. */
const SOL_IP = 0;
const SOL_IPV6 = 41;
const SO_ORIGINAL_DST = 80;
const SOCKADDR_IN = 16;
const SOCKADDR_IN6 = 28;
const AF_INET = 2;
const AF_INET6 = 10;

/** Where a client wanted to go before the packet filter redirected it. */
export interface OriginalDestinations {
  /** `undefined` when the connection was not redirected, or the system does not say. */
  of(socket: Socket): SocketEnd | undefined;
}

type GetSocketOption = (fd: number, level: number, name: number, value: Uint8Array, size: number[]) => number;

/** Asks the kernel. Throws when this system has no such call (it is one of Linux). */
export function kernelDestinations(): OriginalDestinations {
  const getSocketOption = loadGetSocketOption();
  return {
    of: (socket) => {
      const fd = descriptorOf(socket);
      if (fd === undefined) return undefined;
      const isMapped = socket.localFamily === 'IPv4' || /^::ffff:/i.test(socket.localAddress ?? '');
      return isMapped
        ? ask(getSocketOption, fd, SOL_IP, SOCKADDR_IN)
        : ask(getSocketOption, fd, SOL_IPV6, SOCKADDR_IN6);
    },
  };
}

function loadGetSocketOption(): GetSocketOption {
  // Loaded when it is asked for: only transparent listeners need native code.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- koffi has no types for a late require
  const library = createRequire(import.meta.url)('koffi') as typeof koffi;
  const declaration = 'int getsockopt(int, int, int, _Out_ uint8_t*, _Inout_ uint32_t*)';
  return library.load(null).func(declaration);
}

function ask(call: GetSocketOption, fd: number, level: number, size: number): SocketEnd | undefined {
  const address = Buffer.alloc(SOCKADDR_IN6);
  if (call(fd, level, SO_ORIGINAL_DST, address, [size]) !== 0) return undefined;
  return readSocketAddress(address);
}

/** `sockaddr_in` and `sockaddr_in6`: family in host order, port and address in network order. */
export function readSocketAddress(bytes: Buffer): SocketEnd | undefined {
  const port = bytes.readUInt16BE(2);
  switch (bytes.readUInt16LE(0)) {
    case AF_INET:
      return { address: addressOf(bytes.subarray(4, 8)), port };
    case AF_INET6:
      return { address: addressOf(bytes.subarray(8, 24)), port };
    default:
      return undefined;
  }
}

/** Node has no public way to the descriptor of a socket. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
