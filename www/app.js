// Updates the page in place: the forms use the API, and the state follows /api/status. Without this script the same
// forms post to /start and /stop and get the page as the answer.
'use strict';

const CHANGING_MS = 500;   // between polls while the proxy starts or stops
const VISIBLE_MS = 2000;   // between polls otherwise

const LOST = 'Lost connection to pointsman. Run “pointsman start”, then reload this page.';

const byId = (id) => document.getElementById(id);
const changing = (state) => state === 'starting' || state === 'stopping';
let timer = 0;
let lost = false;
let testing = '';   // the alias under test; '': none

function cell(kind, child) {
  const element = document.createElement(kind);
  element.append(child);
  return element;
}

function figures({ calls, failed, ttft_ms: ttft }) {
  if (!calls) return '';
  return (calls === 1 ? '1 call' : `${calls} calls`) + (failed ? `, ${failed} failed` : '') +
    (ttft >= 0 ? `, first token after ${ttft} ms` : '');
}

function deploymentItem(deployment) {
  const { model, ready, serves, reason } = deployment;
  const item = cell('li', `${model} `);
  item.className = serves ? 'serves' : ready ? 'ready' : 'missing';
  const why = cell('span', ready ? figures(deployment) : reason);
  why.className = 'why';
  item.append(why);
  return item;
}

// "*", "openai/*": no request can use such a name.
const isWildcard = (name) => name.includes('*');

function testButton(name) {
  const button = cell('button', 'Test');
  button.type = 'button';
  button.value = name;
  button.setAttribute('aria-label', `Test ${name}`);
  button.disabled = testing !== '';
  return button;
}

function aliasRow({ name, ready, reason, deployments }) {
  const row = document.createElement('tr');
  row.className = ready ? 'ready' : 'missing';
  const head = cell('th', cell('code', name));
  head.scope = 'row';
  const mark = cell('span', ready ? 'ready' : 'not ready');
  mark.className = 'mark';
  const served = cell('td', '');
  if (ready && deployments) {
    const list = cell('ul', '');
    list.append(...deployments.map(deploymentItem));
    served.append(list);
  } else {
    served.append(reason);
  }
  row.append(head, cell('td', mark), served, cell('td', ready && !isWildcard(name) ? testButton(name) : ''));
  return row;
}

// Sends one small paid request through the session app; the result stays visible until the next test.
async function testModel(name) {
  testing = name;
  for (const button of byId('aliases').querySelectorAll('button')) button.disabled = true;
  say('');
  note(`Testing ${name}…`);
  try {
    note((await call('/api/test', byId('stop').elements.token.value, { model: name })).words);
  } catch (error) {
    note('');
    say(error.message);
  } finally {
    testing = '';
    for (const button of byId('aliases').querySelectorAll('button')) button.disabled = false;
  }
}

const alike = (a, b) => a.textContent.replace(/\s+/g, '') === b.textContent.replace(/\s+/g, '') &&
  a.querySelector('.serves')?.textContent === b.querySelector('.serves')?.textContent;

// Replaces only the cells that differ, so that a button keeps the focus.
function updateRow(row, wanted) {
  if (row.className !== wanted.className) row.className = wanted.className;
  [...wanted.cells].forEach((cell, i) => {
    if (!alike(row.cells[i], cell)) row.cells[i].replaceWith(cell);
  });
}

// The map has tracks for some providers, and one track for all others.
const trackOf = (provider) => document.querySelector(`.map .to-${CSS.escape(provider)}`) ? provider : 'other';

// The tracks to providers that have a model ready.
function readyTracks(aliases) {
  const ready = aliases.flatMap(({ deployments }) => deployments ?? []).filter((deployment) => deployment.ready);
  return [...new Set(ready.map(({ model }) => trackOf(model.split('/')[0])))].join(' ');
}

// Changes only what differs, so that screen readers repeat nothing and selections stay.
function show(status) {
  const rows = status.aliases.map(aliasRow);
  const body = byId('aliases');
  if (body.rows.length !== rows.length || rows.some((row, i) => !alike(body.rows[i].cells[0], row.cells[0])))
    body.replaceChildren(...rows);
  else
    rows.forEach((row, i) => updateRow(body.rows[i], row));
  byId('pid').textContent = status.pid ?? '';
  const model = status.aliases.find(({ name, ready }) => ready && !isWildcard(name))?.name;
  if (model) for (const element of document.querySelectorAll('.model')) element.textContent = model;
  const tracks = readyTracks(status.aliases);
  if (document.body.dataset.ready !== tracks) document.body.dataset.ready = tracks;
  if (document.body.dataset.state === status.state) return;
  document.body.dataset.state = status.state;
  note('');
  say(status.state === 'died' ? status.reason : '');
}

function say(text) {
  if (byId('message').textContent !== text) byId('message').textContent = text;
}

function note(text) {
  if (byId('note').textContent !== text) byId('note').textContent = text;
}

function markField(name) {
  for (const input of byId('start').querySelectorAll('input:not([type="hidden"])')) {
    if (input.name === name) {
      input.setAttribute('aria-invalid', 'true');
      const folded = input.closest('details');
      if (folded) folded.open = true;
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
      say(LOST);
    }
  }
  clearTimeout(timer);
  timer = setTimeout(poll, changing(document.body.dataset.state) ? CHANGING_MS : VISIBLE_MS);
}

// The start form's fields without the empty ones; the stop form has none.
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
      say(error.code ? error.message : LOST);
      markField(error.field ?? null);
    }
    button.disabled = false;
    poll();
  });
}

live(byId('start'), '/api/start', 'starting', 'stop');
live(byId('stop'), '/api/stop', 'stopping', 'start');
byId('aliases').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  event.preventDefault();
  testModel(button.value);
});
document.addEventListener('visibilitychange', poll);
poll();
