import { useState } from 'preact/hooks';
import { filledForm } from './form-values.ts';

export interface SearchField {
  readonly name: string;
  readonly label: string;
  /** Present: one of these; the empty one is "any". */
  readonly options?: readonly string[];
  /** How options read; default: as they are. */
  readonly labels?: Readonly<Record<string, string>>;
  /** How the empty option reads; default: any. */
  readonly none?: string;
  readonly isDay?: boolean;
}

type Conditions = Readonly<Record<string, string>>;

function Field({ field, value }: { readonly field: SearchField; readonly value: string }) {
  const { name, label } = field;
  return (
    <label>
      {label}
      <Control field={field} value={value} name={name} />
    </label>
  );
}

interface ControlProps {
  readonly field: SearchField;
  readonly name: string;
  readonly value: string;
}

function Control({ field: { options, labels = {}, none = 'any', isDay }, name, value }: ControlProps) {
  if (options === undefined) {
    return isDay === true ? (
      <input name={name} type="date" />
    ) : (
      <input name={name} type="search" defaultValue={value} maxLength={200} autoComplete="off" />
    );
  }
  return (
    <select name={name}>
      <option value="">{none}</option>
      {options.map((option) => (
        <option key={option} value={option} selected={option === value}>
          {labels[option] ?? option}
        </option>
      ))}
    </select>
  );
}

/** Dates of the form are days where the browser is; the API wants moments. */
function momentsOf(conditions: Conditions): Conditions {
  const { from = '', to = '', ...rest } = conditions;
  return { ...rest, from: momentOf(from, '00:00:00'), to: momentOf(to, '23:59:59.999') };
}

function momentOf(day: string, time: string): string {
  return day === '' ? '' : new Date(`${day}T${time}`).toISOString();
}

/** A form that hands over what was filled in. */
export function SearchForm(props: {
  readonly fields: readonly SearchField[];
  readonly initial?: Conditions;
  readonly onSearch: (conditions: Conditions) => void;
}) {
  const { fields, initial = {}, onSearch } = props;
  const [round, setRound] = useState(0);
  const submit = (event: SubmitEvent): void => {
    onSearch(momentsOf(filledForm(event).values));
  };
  return (
    <form key={round} role="search" onSubmit={submit}>
      {fields.map((field) => (
        <Field key={field.name} field={field} value={round === 0 ? (initial[field.name] ?? '') : ''} />
      ))}
      <button type="submit">Search</button>
      <button
        type="button"
        onClick={() => {
          setRound(round + 1);
          onSearch({});
        }}
      >
        Clear
      </button>
    </form>
  );
}
