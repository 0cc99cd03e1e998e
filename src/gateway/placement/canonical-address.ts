/** IPv4 as itself also on a dual-stack socket, and without the zone of a link-local address. */
export function canonicalAddress(address: string): string {
  const [plain = ''] = address.split('%', 1);
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(plain) ? plain.slice('::ffff:'.length) : plain;
}
