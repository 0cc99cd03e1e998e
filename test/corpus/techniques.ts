import { archiveTechniques } from './archive-techniques.ts';
import { carriedTechniques } from './carried-techniques.ts';
import { computedTechniques } from './computed-techniques.ts';
import { documentTechniques } from './document-techniques.ts';
import { edgeTechniques } from './edge-techniques.ts';
import { hiddenTechniques } from './hidden-techniques.ts';
import { hostTechniques } from './host-techniques.ts';
import { lockedTechniques } from './locked-techniques.ts';
import { mimeEvasions } from './mime-evasions.ts';
import { mimeLabelEvasions } from './mime-label-evasions.ts';
import { sealedTechniques } from './sealed-techniques.ts';
import { scriptTechniques } from './script-techniques.ts';
import { shownTechniques } from './shown-techniques.ts';
import type { Technique } from './technique.ts';

/** Clients of which at least one reads the cases of a row of MIME tricks (docs/EVASIONS.md). */
const MIME_READERS: Readonly<Record<string, string>> = {
  framing: 'Outlook, Thunderbird, mutt',
  'transfer encoding field': 'Thunderbird the first value, mutt the last',
  'content type field': 'Thunderbird and Outlook the first, mutt the last',
  boundary: 'Outlook, Apple Mail, mutt, each some',
  structure: 'Outlook, Thunderbird, mutt, each some',
  'base64 body': 'Thunderbird and Apple Mail go on behind =',
  'quoted-printable body': 'every client some',
  'embedded message': 'Outlook, Gmail, Thunderbird',
  charset: 'browsers and clients that show HTML',
  'inline encoding': 'Outlook, Thunderbird, mutt',
  'content encoding field': 'clients that fetch as browsers do; Apple Mail',
  'charset label': 'Outlook, Apple Mail, Thunderbird, each some',
  'characters of a text': 'older Outlook; clients with decoders from before RFC 3629',
  'encoded words': 'Gmail, mutt and mailparser join them, others do not',
};

/** Built around the marked word only: their twin is the same message before rules that do not look for the word. */
function mimeTechniques(): Technique[] {
  return [...mimeEvasions(), ...mimeLabelEvasions()].map(({ row, name, message }) => ({
    section: 'MIME' as const,
    row,
    name,
    openedBy: MIME_READERS[row] ?? 'some client',
    message: () => message,
    confirmedBy: [],
    isDamaged: true,
    isSealed: false,
  }));
}

/** One or more cases for each row of sections 2 to 5 of the evasion notes. */
export function techniques(): Technique[] {
  return [
    ...mimeTechniques(),
    ...sealedTechniques(),
    ...archiveTechniques(),
    ...lockedTechniques(),
    ...documentTechniques(),
    ...scriptTechniques(),
    ...computedTechniques(),
    ...edgeTechniques(),
    ...carriedTechniques(),
    ...shownTechniques(),
    ...hostTechniques(),
    ...hiddenTechniques(),
  ];
}
