import { isIP } from 'node:net';
import { z } from 'zod';

export const MIB = 1024 * 1024;

export const count = (fallback: number, min = 1, max = 1_000_000) =>
  z.int().min(min).max(max).default(fallback);
export const path = z.string().min(1);
/** 0 lets the system choose a free port. */
export const listenPort = z.int().min(0).max(65_535);

export const address = z.string().refine((value) => isIP(value) !== 0, {
  error: 'is not an IP address. Write one such as 127.0.0.1, or "::" for all addresses',
});
