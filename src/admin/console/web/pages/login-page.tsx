import type { ApiClient } from '../api-client.ts';
import type { Setup, Who } from '../answers.ts';
import { filledForm } from '../form-values.ts';
import { Failure, useAction, useLoading } from '../loading.tsx';
import { SetupForm } from '../setup-form.tsx';

/** Name and password; the session is a cookie that no script can read. */
export function LoginPage({
  api,
  onLogin,
}: {
  readonly api: ApiClient;
  readonly onLogin: (who: Who) => void;
}) {
  const { isBusy, error, run } = useAction();
  const { value: setup } = useLoading('setup', () => api.get<Setup>('/setup'));
  const submit = (event: SubmitEvent): void => {
    const { user = '', password = '' } = filledForm(event).values;
    run(async () => onLogin(await api.login(user, password)));
  };
  if (setup?.needed === true) {
    return (
      <main class="login">
        <h1>Postern</h1>
        <SetupForm api={api} setup={setup} onLogin={onLogin} />
        <p>
          <button type="button" onClick={() => location.reload()}>
            I have an account: log in
          </button>
        </p>
      </main>
    );
  }
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
