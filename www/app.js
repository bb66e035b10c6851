// Makes the page live: the forms answer in place, and the state follows /api/status. Without this file the same forms
// post to /start and /stop and get the page back.
'use strict';

const CHANGING_MS = 500;
const VISIBLE_MS = 2000;

const byId = (id) => document.getElementById(id);
const changing = (state) => state === 'starting' || state === 'stopping';
let timer = 0;
let lost = false;
let testing = '';   // the model under test

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

// "*", "openai/*": a name that can't be asked for.
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

// One small real call, which the session makes; its outcome stays until the next one.
async function testModel(name) {
  testing = name;
  for (const button of byId('aliases').querySelectorAll('button')) button.disabled = true;
  say('');
  note(`Testing ${name}…`);
  try {
    note((await call('/api/test', byId('stop').elements.token.value, { model: name })).words);
  } catch (fault) {
    note('');
    say(fault.message);
  } finally {
    testing = '';
    for (const button of byId('aliases').querySelectorAll('button')) button.disabled = false;
  }
}

const alike = (a, b) => a.textContent.replace(/\s+/g, '') === b.textContent.replace(/\s+/g, '') &&
  a.querySelector('.serves')?.textContent === b.querySelector('.serves')?.textContent;

// The row as it should be, cell by cell: a button that has the focus keeps it.
function freshen(row, wanted) {
  if (row.className !== wanted.className) row.className = wanted.className;
  [...wanted.cells].forEach((cell, i) => {
    if (!alike(row.cells[i], cell)) row.cells[i].replaceWith(cell);
  });
}

// The map has a track for some providers, and one for all others.
const trackOf = (provider) => document.querySelector(`.map .to-${CSS.escape(provider)}`) ? provider : 'other';

// The tracks to providers that have a model ready.
function readyTracks(aliases) {
  const ready = aliases.flatMap(({ deployments }) => deployments ?? []).filter((deployment) => deployment.ready);
  return [...new Set(ready.map(({ model }) => trackOf(model.split('/')[0])))].join(' ');
}

// Touches the document only where something changed, so that screen readers and selections are left in peace.
function show(status) {
  const rows = status.aliases.map(aliasRow);
  const body = byId('aliases');
  if (body.rows.length !== rows.length || rows.some((row, i) => !alike(body.rows[i].cells[0], row.cells[0])))
    body.replaceChildren(...rows);
  else
    rows.forEach((row, i) => freshen(body.rows[i], row));
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
      say('Lost connection to pointsman. Run “pointsman start”, then reload this page.');
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
      say(error.code ? error.message : 'pointsman does not answer. Run “pointsman start” again and reload.');
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
