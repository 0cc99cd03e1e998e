import type { ApiClient } from './api-client.ts';
import type { QuarantineItem, Who } from './answers.ts';
import { filledForm } from './form-values.ts';
import { Failure, useAction } from './loading.tsx';
import { mayAct } from './view.ts';

const isMalware = ({ verdict, findings }: QuarantineItem): boolean =>
  verdict === 'malicious' || findings.some((finding) => finding.class === 'malicious');

/** Allows a content, for one user or for everybody. */
export function ReleaseForm(props: {
  readonly api: ApiClient;
  readonly who: Who;
  readonly item: QuarantineItem;
  readonly onReleased: () => void;
}) {
  const { api, who, item, onReleased } = props;
  const { isBusy, error, run } = useAction();
  if (isMalware(item) && !mayAct(who, 'administrator')) {
    return <p class="quiet">A rule calls it malware: only administrators release it.</p>;
  }
  const submit = (event: SubmitEvent): void => {
    const { form, values } = filledForm(event);
    const { user = '', reason = '' } = values;
    run(async () => {
      await api.send('POST', `/quarantine/${item.id}/release`, {
        user,
        reason,
        offerAnew: 'offerAnew' in values,
      });
      form.reset();
      onReleased();
    });
  };
  return (
    <form onSubmit={submit}>
      <label>
        For this user; empty: for everybody
        <input name="user" defaultValue={item.user} maxLength={200} autoComplete="off" />
      </label>
      <label>
        Reason
        <input name="reason" required maxLength={1000} autoComplete="off" />
      </label>
      <label class="check">
        <input name="offerAnew" type="checkbox" /> put it into the mailbox again, beside the substitute
      </label>
      <button type="submit" disabled={isBusy}>
        Release
      </button>
      <Failure text={error} />
    </form>
  );
}
