/**
 * What was found out about an object, for those who ask one after the other about the same one. It goes with the
 * object: a worker that waits keeps no mail. That is why there is no `WeakRef` here or anywhere in a scan: until the
 * event loop turns, which a scan hardly ever lets it, one keeps alive what it was made or asked for, and so everything
 * that was decoded of the message.
 */
export class KnownAnswers<Subject extends object, Answer extends {}> {
  readonly #answers = new WeakMap<Subject, Answer>();

  /** The answer that was given about `subject`; undefined: nobody asked. */
  given(subject: Subject): Answer | undefined {
    return this.#answers.get(subject);
  }

  /** What `find` says of `subject`, asked once. */
  of(subject: Subject, find: (subject: Subject) => Answer): Answer {
    const known = this.#answers.get(subject);
    if (known !== undefined) {
      return known;
    }
    const answer = find(subject);
    this.#answers.set(subject, answer);
    return answer;
  }
}
