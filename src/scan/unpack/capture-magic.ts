/** How records of network traffic begin (libpcap, pcapng): files in them are cut by the headers of packets. */
export const CAPTURES: readonly string[] = [
  '\u00d4\u00c3\u00b2\u00a1',
  '\u00a1\u00b2\u00c3\u00d4',
  '\u004d\u003c\u00b2\u00a1',
  '\n\r\r\n',
];
