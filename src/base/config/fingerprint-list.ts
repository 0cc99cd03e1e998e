/** Fingerprints in lower case without colons, or the first line that is none. */
export type FingerprintList =
  | { readonly prints: ReadonlySet<string> }
  | { readonly badLine: number; readonly text: string };

const SHA256 = /^[0-9a-f]{64}$/;

/** SHA-256 fingerprints, one on each line, with or without colons; `#` begins a remark. */
export function parseFingerprintList(text: string): FingerprintList {
  const prints = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    // What openssl says: "sha256 Fingerprint=AA:BB...".
    const value = line.replace(/#.*/, '').replace(/^.*=/, '').replaceAll(/[:\s]/g, '').toLowerCase();
    if (value !== '' && !SHA256.test(value)) return { badLine: index + 1, text: line.trim().slice(0, 80) };
    if (value !== '') prints.add(value);
  }
  return { prints };
}
