import type { Section } from './fetch-items.ts';
import type { StoredMessage } from './mailbox.ts';
import type { MimePart } from './mime-structure.ts';

/** The bytes of a section, as views of the message where possible; undefined when there is no such part. */
export function readSection(message: StoredMessage, section: Section): Buffer | undefined {
  if (section.path.length === 0 && section.kind === '') {
    return message.bytes;
  }
  const part = findPart(message.structure, section.path);
  if (part === undefined) {
    return undefined;
  }
  const { bytes } = message;
  if (section.kind === 'MIME') {
    return bytes.subarray(part.start, part.bodyStart);
  }
  if (section.kind === '') {
    return bytes.subarray(part.bodyStart, part.end);
  }
  // HEADER and TEXT are those of a message: the top one, or the one inside a message/rfc822 part
  const entity = section.path.length === 0 ? part : part.message;
  if (entity === undefined) {
    return undefined;
  }
  if (section.kind === 'TEXT') {
    return bytes.subarray(entity.bodyStart, entity.end);
  }
  return section.kind === 'HEADER'
    ? bytes.subarray(entity.start, entity.bodyStart)
    : headerSubset(bytes, entity, section);
}

function findPart(root: MimePart, path: readonly number[]): MimePart | undefined {
  let part: MimePart | undefined = root;
  for (const [index, number] of path.entries()) {
    // below a message/rfc822 the numbers count inside the message that it carries
    const container: MimePart | undefined = index === 0 ? part : (part.message ?? part);
    const isLeaf: boolean = container.children.length === 0;
    const mayBeItself: boolean = index === 0 || part.message !== undefined;
    part = isLeaf ? (number === 1 && mayBeItself ? container : undefined) : container.children[number - 1];
    if (part === undefined) {
      return undefined;
    }
  }
  return part;
}

function headerSubset(bytes: Buffer, part: MimePart, section: Section): Buffer {
  const isWanted = section.kind === 'HEADER.FIELDS';
  const chosen = part.headers.filter((field) => section.fields.includes(field.name) === isWanted);
  const pieces = chosen.map((field) => bytes.subarray(field.start, field.end));
  return Buffer.concat([...pieces, Buffer.from('\r\n')]);
}
