// Takes over the view's parts as the server writes them, every second, and filters the latest requests. Without this
// script the view is the same, as it was when it was loaded.
'use strict';

const UPDATE_MS = 1000;
const CALM_MS = 5000;   // for those who want less motion
const LOST = 'Lost connection to pointsman. Run “pointsman start”, then reload this page.';

const byId = (id) => document.getElementById(id);
const calm = matchMedia('(prefers-reduced-motion: reduce)');
let timer = 0;

function say(text) {
  if (byId('message').textContent !== text) byId('message').textContent = text;
}

// Hides the requests that lack one of the words.
function filter() {
  const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...byId('requests').querySelectorAll('tbody tr')];
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  const text = words.length ? `${rows.filter((row) => !row.hidden).length} of ${rows.length}` : '';
  if (byId('matches').textContent !== text) byId('matches').textContent = text;
}

async function update() {
  const answer = await fetch('/live', { cache: 'no-store' });
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  document.body.dataset.state = page.body.dataset.state;
  for (const part of document.querySelectorAll('[data-live]')) {
    const wanted = page.getElementById(part.id);
    for (const row of part.querySelectorAll('tr[hidden]')) row.hidden = false;
    if (part.innerHTML !== wanted.innerHTML) part.replaceChildren(...wanted.childNodes);
  }
  filter();
}

async function poll() {
  clearTimeout(timer);
  if (document.visibilityState === 'visible') {
    try {
      await update();
      say('');
    } catch {
      say(LOST);
    }
  }
  clearTimeout(timer);
  timer = setTimeout(poll, calm.matches ? CALM_MS : UPDATE_MS);
}

document.querySelector('.filter').hidden = false;
byId('filter').addEventListener('input', filter);
document.addEventListener('visibilitychange', poll);
poll();
