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
let testing = '';    // the alias under test; '': none
let followed = '';   // the report that the page shows, as JSON

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

const alike = (a, b) => a.innerHTML.replace(/\s+/g, '') === b.innerHTML.replace(/\s+/g, '');

// Replaces only the cells that differ, so that a button keeps the focus.
function updateRows(body, wanted) {
  const same = body.rows.length === wanted.rows.length &&
    [...wanted.rows].every((row, i) => alike(body.rows[i].cells[0], row.cells[0]));
  if (!same) body.replaceChildren(...wanted.rows);
  else [...wanted.rows].forEach((row, i) => [...row.cells].forEach((cell, j) => {
    if (!cell.querySelector('button') && !alike(body.rows[i].cells[j], cell)) body.rows[i].cells[j].replaceWith(cell);
  }));
  for (const button of body.querySelectorAll('button')) button.disabled = testing !== '';
}

// Replaces a part that differs. What is unfolded stays so.
function updatePart(part, wanted) {
  const open = part.querySelector('details')?.open;
  const now = wanted.querySelector('details');
  if (now && open !== undefined) now.open = open;
  if (part.innerHTML !== wanted.innerHTML) part.replaceChildren(...wanted.childNodes);
}

// Takes over what depends on the proxy's report as the server writes it, if the report has changed.
async function follow(status) {
  const report = JSON.stringify([status.state, status.aliases]);
  if (report === followed) return;
  const answer = await fetch('/', { cache: 'no-store' });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  updateRows(byId('aliases'), page.getElementById('aliases'));
  for (const part of document.querySelectorAll('[data-live]')) updatePart(part, page.getElementById(part.id));
  const model = page.querySelector('.model').textContent;
  for (const element of document.querySelectorAll('.model')) element.textContent = model;
  const { ready } = page.body.dataset;
  if (document.body.dataset.ready !== ready) document.body.dataset.ready = ready;
  followed = report;
}

// Changes only what differs, so that screen readers repeat nothing and selections stay.
async function show(status) {
  await follow(status);
  byId('pid').textContent = status.pid ?? '';
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
      await show(status);
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
      await show(await call(path, form.elements.token.value, values(form)));
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
