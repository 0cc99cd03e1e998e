import type { ApiClient } from '../api-client.ts';
import type { Who } from '../answers.ts';
import { filledForm } from '../form-values.ts';
import { Failure, useAction } from '../loading.tsx';

/** Name and password; the session is a cookie that no script can read. */
export function LoginPage({
  api,
  onLogin,
}: {
  readonly api: ApiClient;
  readonly onLogin: (who: Who) => void;
}) {
  const { isBusy, error, run } = useAction();
  const submit = (event: SubmitEvent): void => {
    const { user = '', password = '' } = filledForm(event).values;
    run(async () => onLogin(await api.login(user, password)));
  };
  return (
    <main class="login">
      <h1>Postern</h1>
      <form onSubmit={submit}>
        <label>
          User
          <input name="user" autoComplete="username" autoCapitalize="off" required maxLength={200} />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required maxLength={256} />
        </label>
        <button type="submit" disabled={isBusy}>
          Log in
        </button>
        <Failure text={error} />
      </form>
    </main>
  );
}
