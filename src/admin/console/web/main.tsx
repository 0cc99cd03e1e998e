import { render } from 'preact';
import { ApiClient } from './api-client.ts';
import { App } from './app.tsx';
import './console.css';

const root = document.querySelector('#console');
if (root !== null) {
  root.replaceChildren();
  render(<App api={new ApiClient()} />, root);
}
