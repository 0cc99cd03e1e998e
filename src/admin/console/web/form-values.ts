export interface FilledForm {
  readonly form: HTMLFormElement;
  /** Texts by the name of their field, without blanks around them; a box that is not ticked is absent. */
  readonly values: Readonly<Record<string, string>>;
}

/** Keeps the browser from sending the form, and says what is in it. */
export function filledForm(event: SubmitEvent): FilledForm {
  event.preventDefault();
  const form = event.currentTarget;
  if (!(form instanceof HTMLFormElement)) throw new TypeError('only forms are sent');
  const texts = [...new FormData(form)].flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, name === 'password' ? value : value.trim()]] : [],
  );
  return { form, values: Object.fromEntries(texts) };
}
