// Makes the page live: the forms answer in place, and the state follows /api/status. Without this file the same forms
// post to /start and /stop and get the page back.
'use strict';

const CHANGING_MS = 500;
const VISIBLE_MS = 2000;

const byId = (id) => document.getElementById(id);
const changing = (state) => state === 'starting' || state === 'stopping';
let timer = 0;
let lost = false;

function cell(kind, child) {
  const element = document.createElement(kind);
  element.append(child);
  return element;
}

function aliasRow({ name, ready, reason }) {
  const row = document.createElement('tr');
  row.className = ready ? 'ready' : 'missing';
  const head = cell('th', cell('code', name));
  head.scope = 'row';
  const mark = cell('span', ready ? 'ready' : 'not ready');
  mark.className = 'mark';
  row.append(head, cell('td', mark), cell('td', reason));
  return row;
}

// Touches the document only where something changed, so that screen readers and selections are left in peace.
function show(status) {
  const rows = status.aliases.map(aliasRow);
  const body = byId('aliases');
  if (body.textContent.replace(/\s+/g, '') !== rows.map((row) => row.textContent).join('').replace(/\s+/g, ''))
    body.replaceChildren(...rows);
  byId('pid').textContent = status.pid ?? '';
  const model = status.aliases.find(({ ready }) => ready)?.name;
  if (model) for (const element of document.querySelectorAll('.model')) element.textContent = model;
  if (document.body.dataset.state === status.state) return;
  document.body.dataset.state = status.state;
  say(status.state === 'died' ? status.reason : '');
}

function say(text) {
  if (byId('message').textContent !== text) byId('message').textContent = text;
}

function markField(name) {
  for (const input of byId('start').querySelectorAll('input:not([type="hidden"])')) {
    if (input.name === name) {
      input.setAttribute('aria-invalid', 'true');
      input.focus();
    } else {
      input.removeAttribute('aria-invalid');
    }
  }
}

async function call(path, token, body) {
  const answer = await fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'Content-Type': 'application/json', 'X-Pointsman-Token': token } : {},
    body: body && JSON.stringify(body),
    cache: 'no-store',
  });
  const text = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(text.error.message), text.error);
  return text;
}

async function poll() {
  clearTimeout(timer);
  if (document.visibilityState === 'visible') {
    try {
      const status = await call('/api/status');
      if (lost) say('');
      lost = false;
      show(status);
    } catch {
      lost = true;
      say('The page no longer hears from pointsman. Is it stopped? Run ./start again and reload.');
    }
  }
  clearTimeout(timer);
  timer = setTimeout(poll, changing(document.body.dataset.state) ? CHANGING_MS : VISIBLE_MS);
}

// What the start form holds, empty fields left out; the stop form holds nothing.
function values(form) {
  const object = {};
  for (const input of form.elements) {
    if (input.type === 'checkbox' && input.checked) object[input.name] = true;
    if (['password', 'text'].includes(input.type) && input.value.trim()) object[input.name] = input.value.trim();
  }
  return object;
}

function live(form, path, meanwhile, then) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    const before = document.body.dataset.state;
    button.disabled = true;
    say('');
    document.body.dataset.state = meanwhile;
    try {
      show(await call(path, form.elements.token.value, values(form)));
      markField(null);
      form.reset();
      byId(then).querySelector('button').focus();
    } catch (error) {
      document.body.dataset.state = before;
      if (error.code === 'forbidden_token') location.reload();
      say(error.code ? error.message : 'pointsman does not answer. Run ./start again and reload.');
      markField(error.field ?? null);
    }
    button.disabled = false;
    poll();
  });
}

live(byId('start'), '/api/start', 'starting', 'stop');
live(byId('stop'), '/api/stop', 'stopping', 'start');
document.addEventListener('visibilitychange', poll);
poll();
