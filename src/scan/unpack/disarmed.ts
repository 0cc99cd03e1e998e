/** Marks of documents that are text as well. */
const DOCUMENT_MARKS = [Buffer.from('%PDF-'), Buffer.from('{\\rt')];

/** A document without its angle brackets or escapes is a damaged document: it must not be opened as one again. */
export function disarm(view: Buffer): Buffer {
  for (const mark of DOCUMENT_MARKS) {
    withoutMark(view, mark);
  }
  return view;
}

/** The first byte of each `mark` blanked, in place. */
export function withoutMark(view: Buffer, mark: Buffer): Buffer {
  for (let at = view.indexOf(mark); at >= 0; at = view.indexOf(mark, at + 1)) {
    view[at] = 0x20;
  }
  return view;
}
