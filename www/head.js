// The head of every view: what was spent today, and, where the view has no script of its own for it, the proxy's state.
'use strict';

const HEAD_MS = 10000;

async function json(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

// "Today $0.33"; "+" if requests of unknown cost are missing in it.
async function showToday() {
  const { total } = await json('/api/usage?range=today');
  const cost = total.cost_usd;
  const text = cost === null ? (total.requests ? '-' : '$0') :
    `$${cost >= 100 ? Math.round(cost) : cost.toFixed(cost >= 1 ? 2 : 4)}${total.cost_unknown ? '+' : ''}`;
  const today = document.getElementById('today');
  if (today.textContent !== text) today.textContent = text;
  today.parentElement.hidden = false;
}

async function showState() {
  if (!document.querySelector('#state[data-follow]')) return;
  const { state } = await json('/api/status');
  if (document.body.dataset.state !== state) document.body.dataset.state = state;
}

async function updateHead() {
  // A reply that is lost changes nothing: the view says what is wrong.
  if (document.visibilityState === 'visible') await Promise.allSettled([showToday(), showState()]);
  setTimeout(updateHead, HEAD_MS);
}

updateHead();
