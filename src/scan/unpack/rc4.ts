import { u8 } from './byte-view.ts';

/** RC4 as old documents use it; the provider of node:crypto has it no longer. The same for both directions. */
export function rc4(key: Uint8Array, data: Uint8Array): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let i = 0, j = 0; i < 256; i += 1) {
    const held = u8(state, i);
    j = (j + held + u8(key, i % key.length)) & 255;
    state[i] = u8(state, j);
    state[j] = held;
  }
  const out = Buffer.allocUnsafe(data.length);
  for (let at = 0, i = 0, j = 0; at < data.length; at += 1) {
    i = (i + 1) & 255;
    const held = u8(state, i);
    j = (j + held) & 255;
    state[i] = u8(state, j);
    state[j] = held;
    out[at] = u8(data, at) ^ u8(state, (u8(state, i) + held) & 255);
  }
  return out;
}
