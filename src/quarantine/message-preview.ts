/** What a person may see of an original without opening it: text only. Everything in it is a stranger's. */
export interface MessagePreview {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Beginning of the text; markup is never passed on. */
  readonly text: string;
  /** Something was cut, or could not be read. */
  readonly truncated: boolean;
  readonly parts: readonly {
    readonly name: string;
    readonly type: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

export interface MessagePreviewer {
  /** Resolves for every content within a bounded time; what could not be read is empty and `truncated`. */
  preview(message: Uint8Array): Promise<MessagePreview>;
}
