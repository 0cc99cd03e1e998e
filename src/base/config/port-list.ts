/** More than this many extra ports is a mistake, not a deployment. */
const MAX_PORTS = 64;
const MAX_PORT = 65_535;

/**
 * Reads `585,1993`: port numbers separated by commas, spaces or both; the empty text is the empty list.
 * Repeated ports count once. `undefined` when anything in it is not a port from 1 to 65535.
 */
export function parsePortList(value: string | number): readonly number[] | undefined {
  const words = String(value)
    .split(/[\s,]+/u)
    .filter((word) => word !== '');
  if (words.length > MAX_PORTS || !words.every((word) => /^\d{1,5}$/u.test(word))) {
    return undefined;
  }
  const ports = [...new Set(words.map(Number))];
  return ports.every((port) => port >= 1 && port <= MAX_PORT) ? ports : undefined;
}
