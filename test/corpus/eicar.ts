/**
 * The harmless test file that every scanner reports (68 bytes), assembled at run time so that the project's
 * own files never contain it.
 */
export function eicar(): Buffer {
  return Buffer.from(
    ['X5O!P%@AP[4', '\\PZX54(P^)7CC)7}', '$EICAR-STAND', 'ARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(''),
    'latin1',
  );
}
