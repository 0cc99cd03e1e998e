/**
 * The EICAR test file, 68 octets: harmless, and every scanner knows it. Put together at run time, so that no
 * scanner takes this source file for it.
 */
export function eicar(): string {
  return ['X5O!P%@AP[4\\PZX54(P^)7CC)7}', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!', 'H+H*'].join('$');
}
