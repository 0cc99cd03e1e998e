import type { KeptMessage, Location } from './kept-messages.ts';
import type { FetchItem } from './wire/fetch-item.ts';
import type { FetchRequest } from './wire/fetch-request.ts';

/** A value that the gateway cuts out of the judged message by itself. */
export interface Cut {
  /** As the client expects it in the response: `BODY[2]<65536>`. */
  readonly label: string;
  readonly origin: number;
  /** Octets asked for; absent: up to the end. */
  readonly length: number | undefined;
}

export interface DecodedCuts {
  readonly cuts: readonly Cut[];
  /** The client asked for all of it as well. */
  readonly isWholeAsked: boolean;
}

/** Values from a kept message, for the first response that is about it. */
export interface Splice {
  readonly kept: KeptMessage;
  readonly cuts: readonly Cut[];
  isServed: boolean;
}

/** How the answers to one rewritten FETCH are to be read. */
export interface FetchPlan {
  /** Items that the gateway added and takes out again. */
  readonly strips: {
    readonly uid: boolean;
    readonly whole: boolean;
    readonly structure: boolean;
    readonly seenProbe: boolean;
  };
  /** Ranges of the whole message, cut from the judged copy. */
  readonly wholeCuts: readonly Cut[];
  /** Ranges of decoded parts by section, cut from the whole decoded part: half of a part proves nothing. */
  readonly decodedCuts: ReadonlyMap<string, DecodedCuts>;
  /** Values that come from a kept message; the server was not asked for them. */
  readonly spliced: Splice | undefined;
  /** Requested octets by response key, to recognise a short answer: it ends the section. */
  readonly asked: ReadonlyMap<string, number>;
  /** Keep the judged message for following ranges. */
  readonly keeps: boolean;
}

export interface PlannedFetch {
  /** Set, items and modifiers as they go upstream. */
  readonly text: string;
  /** Absent: the answers need no reading beyond the holding of content. */
  readonly plan: FetchPlan | undefined;
}

/** The name of the section as a key for locations: `2.1`, `TEXT`; nothing for the whole message. */
export function sectionKey(item: FetchItem): string {
  return item.section ?? (item.name === 'RFC822.TEXT' ? 'TEXT' : '');
}

/** The key that request and response share: section and origin. */
export function responseKey(item: FetchItem): string {
  return `${sectionKey(item)}<${item.origin ?? ''}>`;
}

/**
 * Rewrites a FETCH so that everything it brings can be judged (protocol notes 4.1): slices make the server send
 * the whole message in the same response; ranges of a message that is still kept are not asked for again.
 */
export function planFetch(
  request: FetchRequest,
  isUid: boolean,
  kept: KeptMessage | undefined,
): PlannedFetch {
  if (!request.items.some(needsWhole)) {
    return {
      text: render(
        request,
        request.items.map((item) => item.text),
      ),
      plan: undefined,
    };
  }
  return kept === undefined ? augment(request, isUid) : useKept(kept, request, isUid);
}

function needsWhole(item: FetchItem): boolean {
  return item.class === 'slice' || item.class === 'decoded';
}

function render(request: FetchRequest, items: readonly string[]): string {
  const isBare = items.length === 1 && !request.isList && !request.items.some(needsWhole);
  const list = isBare ? items[0] : `(${items.join(' ')})`;
  return `${request.set} ${list}${request.modifiers === '' ? '' : ` ${request.modifiers}`}`;
}

function isWholeRange(item: FetchItem): boolean {
  return item.class === 'slice' && item.section === '';
}

function setsSeen(item: FetchItem): boolean {
  return !item.name.endsWith('.PEEK') && item.name !== 'RFC822.HEADER';
}

function labelOf(item: FetchItem): string {
  const name = item.text
    .toUpperCase()
    .replace(/^(BODY|BINARY|RFC822)\.PEEK/, '$1')
    .replace(/<[^<]*$/, '');
  return item.origin === undefined ? name : `${name}<${item.origin}>`;
}

function cutOf(item: FetchItem): Cut {
  return { label: labelOf(item), origin: item.origin ?? 0, length: item.length };
}

function asks(request: FetchRequest, name: string): boolean {
  return request.items.some((item) => item.name === name && item.section === undefined);
}

function isPartRange(item: FetchItem): boolean {
  return item.class === 'slice' && /^[0-9.]+$/.test(sectionKey(item)) && item.origin !== undefined;
}

/** A range of a part ends where the part ends: its size tells, so that following ranges need no download. */
function wantsSizes(request: FetchRequest): boolean {
  return request.single !== undefined && request.items.some(isPartRange) && !asks(request, 'BODYSTRUCTURE');
}

function askedSizes(items: readonly FetchItem[]): ReadonlyMap<string, number> {
  return new Map(
    items.flatMap((item) => (item.length === undefined ? [] : [[responseKey(item), item.length]])),
  );
}

function isDecodedRange(item: FetchItem): boolean {
  return item.class === 'decoded' && item.origin !== undefined;
}

/** Items as the server is asked: of decoded parts all of it. */
function upstreamTexts(items: readonly FetchItem[]): readonly string[] {
  const texts = items.map((item) => (isDecodedRange(item) ? item.text.replace(/<[^<]*$/, '') : item.text));
  return [...new Set(texts)];
}

function decodedCuts(items: readonly FetchItem[]): ReadonlyMap<string, DecodedCuts> {
  const decoded = items.filter((item) => item.class === 'decoded');
  const sections = new Set(decoded.filter(isDecodedRange).map(sectionKey));
  return new Map(
    [...sections].map((section) => {
      const same = decoded.filter((item) => sectionKey(item) === section);
      const cuts = same.filter(isDecodedRange).map(cutOf);
      return [section, { cuts, isWholeAsked: cuts.length < same.length }];
    }),
  );
}

function augment(request: FetchRequest, isUid: boolean): PlannedFetch {
  const ranges = request.items.filter(isWholeRange);
  const asksWhole = request.items.some((item) => item.class === 'whole');
  const addsUid = !asks(request, 'UID');
  const addsStructure = wantsSizes(request);
  const items = upstreamTexts(request.items.filter((item) => !isWholeRange(item)));
  const whole = ranges.some(setsSeen) ? 'BODY[]' : 'BODY.PEEK[]';
  const added = [
    ...(addsUid ? ['UID'] : []),
    ...(addsStructure ? ['BODYSTRUCTURE'] : []),
    ...(asksWhole ? [] : [whole]),
  ];
  const strips = {
    uid: !isUid && addsUid,
    whole: !asksWhole,
    structure: addsStructure,
    seenProbe: false,
  };
  return {
    text: render(request, [...items, ...added]),
    plan: {
      strips,
      wholeCuts: ranges.map(cutOf),
      decodedCuts: decodedCuts(request.items),
      spliced: undefined,
      asked: askedSizes(request.items),
      keeps: request.single !== undefined,
    },
  };
}

/** Values whose place in the kept message is known are not asked for; the others are sought in it when they come. */
function useKept(kept: KeptMessage, request: FetchRequest, isUid: boolean): PlannedFetch {
  const placed = request.items.map((item) => ({ item, cut: spliceCut(kept, item) }));
  const cuts = placed.flatMap(({ cut }) => (cut === undefined ? [] : [cut]));
  const rest = upstreamTexts(placed.filter(({ cut }) => cut === undefined).map(({ item }) => item));
  const addsUid = !asks(request, 'UID');
  const addsStructure = wantsSizes(request) && kept.partSizes.size === 0;
  const seenProbe = placed.some(({ item, cut }) => cut !== undefined && setsSeen(item));
  const added = [
    ...(addsUid ? ['UID'] : []),
    ...(addsStructure ? ['BODYSTRUCTURE'] : []),
    ...(seenProbe ? ['BODY[]<0.1>'] : []),
  ];
  return {
    text: render(request, [...rest, ...added]),
    plan: {
      strips: { uid: !isUid && addsUid, whole: false, structure: addsStructure, seenProbe },
      wholeCuts: [],
      decodedCuts: decodedCuts(request.items),
      spliced: { kept, cuts, isServed: false },
      asked: askedSizes(request.items),
      keeps: false,
    },
  };
}

/** The item as an absolute range of the kept message. */
function spliceCut(kept: KeptMessage, item: FetchItem): Cut | undefined {
  const key = sectionKey(item);
  const isRaw = item.class === 'slice' || item.class === 'whole';
  const location: Location | undefined =
    key === '' ? { start: 0, length: kept.size } : kept.sections.get(key);
  if (!isRaw || location === undefined) {
    return undefined;
  }
  const origin = Math.min(item.origin ?? 0, location.length);
  const length = Math.min(item.length ?? Number.MAX_SAFE_INTEGER, location.length - origin);
  return { label: labelOf(item), origin: location.start + origin, length };
}

/** A value without content that the gateway asked for by itself: it is taken out of the response. */
export function isAdded(item: FetchItem, plan: FetchPlan | undefined): boolean {
  const isStructure = item.name === 'BODYSTRUCTURE' && plan?.strips.structure === true;
  const isGoneWhole = item.class === 'whole' && plan?.strips.whole === true; // BODY[] NIL: expunged meanwhile
  return isStructure || isGoneWhole || isSeenProbe(item, plan);
}

/** The one octet that sets \\Seen when the values come from a kept message. */
export function isSeenProbe(item: FetchItem, plan: FetchPlan | undefined): boolean {
  return plan?.strips.seenProbe === true && item.class === 'slice' && item.section === '';
}
