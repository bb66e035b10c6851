// Draws the charts of the view Usage from its tables, and refreshes both as the request log grows. Without this script
// the tables are the view.
'use strict';

const REFRESH_MS = 5000;
const HEIGHT = 220;
const LEFT = 64;
const BOTTOM = 24;

function shape(name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// As wide as its figure, so that text has its size on every screen.
function canvas(figure, height) {
  const width = Math.max(figure.parentElement.clientWidth - 2, 240);
  return [shape('svg', { viewBox: `0 0 ${width} ${height}` }), width];
}

// A table as names and numbers; an unknown number is NaN.
function read(table) {
  return {
    heads: [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent),
    rows: [...table.tBodies[0].rows].map((row) => ({
      name: row.cells[0].textContent,
      href: row.cells[0].querySelector('a')?.getAttribute('href'),
      bars: row.querySelector('[data-bars]')?.dataset.bars.split(' ').slice(0, -1).map(parseFloat),
      values: [...row.cells].slice(1).map((cell) => parseFloat(cell.dataset.value)),
      texts: [...row.cells].slice(1).map((cell) => cell.textContent),
    })),
  };
}

const known = (value) => (Number.isFinite(value) ? value : 0);

// A round number at or above the value: 1, 2 or 5 times a power of ten.
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

function written(value, unit) {
  const short = value >= 1e6 ? `${+(value / 1e6).toPrecision(3)}M` :
    value >= 1e4 ? `${+(value / 1e3).toPrecision(3)}k` : `${+value.toPrecision(3)}`;
  return unit === '$' ? `$${short}` : `${short}${unit}`;
}

function legend(heads) {
  const list = document.createElement('ul');
  list.className = 'key';
  heads.forEach((head, i) => {
    const item = document.createElement('li');
    const mark = shape('svg', { viewBox: '0 0 10 10' });
    mark.append(shape('rect', { width: 10, height: 10, rx: 2, class: `c${i}` }));
    item.append(mark, head);
    list.append(item);
  });
  return list;
}

// Leaves out columns without any value, so that the key names what is drawn.
function inUse({ heads, rows }, first = 0, count = heads.length) {
  const columns = heads.map((_, i) => i).filter((i) => i >= first && i < first + count &&
    rows.some(({ values }) => known(values[i]) > 0));
  return { heads: columns.map((i) => heads[i]),
    rows: rows.map((row) => ({ ...row, values: columns.map((i) => known(row.values[i])),
      texts: columns.map((i) => row.texts[i]) })) };
}

// The link of a row or a cell, also by click in its chart. The table has it for the keyboard.
function linked(href, ...shapes) {
  if (!href) return shapes;
  const link = shape('a', { href, tabindex: -1 });
  link.append(...shapes);
  return [link];
}

// Lines over a bar: the share that came from the provider's prompt cache.
function hatch(svg) {
  const pattern = shape('pattern', { id: 'reused', width: 6, height: 6, patternUnits: 'userSpaceOnUse' });
  pattern.append(shape('path', { d: 'M-1 1L1-1M0 6L6 0M5 7L7 5', class: 'hatch' }));
  svg.append(pattern);
}

// The horizontal lines and their values, up to a round number. Returns the function for the height of a value.
function addGrid(svg, width, most, unit) {
  const top = ceiling(most);
  const room = HEIGHT - BOTTOM - 10;
  for (const share of [0, 0.5, 1]) {
    const y = HEIGHT - BOTTOM - share * room;
    svg.append(shape('path', { d: `M${LEFT} ${y}H${width}`, class: 'grid' }),
      shape('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, written(top * share, unit)));
  }
  return (value) => value / top * room;
}

// The names of the rows below a chart: as many as there is room for.
function addNames(svg, width, rows) {
  const step = (width - LEFT) / rows.length;
  const every = Math.ceil(80 / step);
  rows.forEach(({ name }, i) => {
    const x = LEFT + (i + 0.5) * step;
    if (i % every === 0 && x + 4 * name.length <= width)
      svg.append(shape('text', { x, y: HEIGHT - 6, 'text-anchor': 'middle' }, name));
  });
}

// The first two columns over time: a point for each row, joined where there is no gap.
function curves(figure, { heads, rows }) {
  const most = Math.max(...rows.flatMap(({ values }) => values.slice(0, 2).map(known)));
  if (!(most > 0)) return;
  const [svg, width] = canvas(figure, HEIGHT);
  const heightOf = addGrid(svg, width, most, ' s');
  const step = (width - LEFT) / rows.length;
  const x = (i) => LEFT + (i + 0.5) * step;
  const y = (value) => HEIGHT - BOTTOM - heightOf(value);
  for (const column of [0, 1]) {
    const path = rows.map(({ values }, i) => (!Number.isFinite(values[column]) ? '' :
      `${Number.isFinite(rows[i - 1]?.values[column]) ? 'L' : 'M'}${x(i)} ${y(values[column])}`)).join('');
    svg.append(shape('path', { d: path, class: `curve c${column}` }));
    rows.forEach(({ name, href, values, texts }, i) => {
      if (!Number.isFinite(values[column])) return;
      const point = shape('circle', { cx: x(i), cy: y(values[column]), r: Math.min(4, step / 3), class: `c${column}` });
      point.append(shape('title', {}, `${name}: ${heads[column]} ${texts[column]}`));
      svg.append(...linked(href, point));
    });
  }
  addNames(svg, width, rows);
  figure.append(svg, legend(heads.slice(0, 2).map((head) => head.replace(', s', ''))));
}

// Stacked columns, one for each row. `over`: the share of a row's column that is hatched, and a note on it.
function stack(figure, data, unit, over) {
  const sums = data.rows.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const most = Math.max(...sums);
  if (!(most > 0)) return;
  const [svg, width] = canvas(figure, HEIGHT);
  const heightOf = addGrid(svg, width, most, unit);
  const step = (width - LEFT) / data.rows.length;
  if (over) hatch(svg);
  data.rows.forEach(({ name, href, values, texts }, i) => {
    let y = HEIGHT - BOTTOM;
    const bars = [];
    values.forEach((value, column) => {
      const height = heightOf(value);
      if (!(height > 0)) return;
      y -= height;
      const bar = shape('rect', { x: LEFT + i * step + step * 0.1, y, width: step * 0.8, height, class: `c${column}` });
      bar.append(shape('title', {}, `${name}: ${data.heads[column]} ${texts[column]}`));
      bars.push(bar);
    });
    const { share, note } = over ? over[i] : {};
    if (share > 0) {
      const height = (HEIGHT - BOTTOM - y) * Math.min(1, share);
      const reused = shape('rect', { x: LEFT + i * step + step * 0.1, y: HEIGHT - BOTTOM - height, width: step * 0.8,
        height, fill: 'url(#reused)' });
      reused.append(shape('title', {}, `${name}: ${Math.round(100 * share)} % from the prompt cache`));
      bars.push(reused);
    }
    if (note) {
      const mark = shape('text', { x: LEFT + (i + 0.5) * step, y: y - 4, 'text-anchor': 'middle', class: 'mark' }, '▼');
      mark.append(shape('title', {}, `${name}: ${note}`));
      bars.push(mark);
    }
    svg.append(...linked(href, ...bars));
  });
  addNames(svg, width, data.rows);
  figure.append(svg, legend(data.heads));
}

// One line for each row, with its name on top; leaves room for the figures at the right edge.
function lines(figure, rows, draw) {
  const each = 38;
  const [svg, width] = canvas(figure, rows.length * each + 4);
  rows.forEach((row, i) => {
    svg.append(shape('text', { x: 0, y: i * each + 14, class: 'name' }, row.name));
    draw(svg, row, i * each + 19, width - 130, width);
  });
  figure.append(svg);
}

function bars(figure, { rows }) {
  const most = Math.max(...rows.map(({ values }) => known(values[0])));
  if (!(most > 0)) return;
  lines(figure, rows.slice(0, 12), (svg, { values, texts }, y, width) => {
    const length = Math.max(2, known(values[0]) / most * width);
    svg.append(shape('rect', { x: 0, y, width: length, height: 12, rx: 3, class: 'c0' }),
      shape('text', { x: length + 6, y: y + 11 }, texts[0]));
  });
}

// A conversation: a bar for the cost of each of its latest requests, then what all cost.
function talks(figure, { rows }) {
  const shown = rows.filter(({ bars: costs }) => costs?.length).slice(0, 12);
  const most = Math.max(...shown.flatMap(({ bars: costs }) => costs.map(known)));
  if (!(most > 0)) return;
  const each = 44;
  const [svg, width] = canvas(figure, shown.length * each + 4);
  const step = Math.min(14, (width - 150) / Math.max(...shown.map(({ bars: costs }) => costs.length)));
  shown.forEach(({ name, href, bars: costs, texts }, i) => {
    const foot = (i + 1) * each - 4;
    const columns = costs.map((cost, turn) => {
      const height = Math.max(1.5, known(cost) / most * (each - 22));
      return shape('rect', { x: turn * step, y: foot - height, width: step - 1.5, height,
        class: cost > most / 2 ? 'c1' : 'c0' });
    });
    svg.append(shape('path', { d: `M0 ${foot + 0.5}H${width}`, class: 'grid' }), ...linked(href,
      shape('text', { x: 0, y: i * each + 13, class: 'name' }, name), ...columns),
      shape('text', { x: width, y: foot - 6, 'text-anchor': 'end' }, `${texts[0]}, ${texts[1]} requests`));
  });
  figure.append(svg);
}

// From the median to the 90th percentile.
function spans(figure, { rows }) {
  const shown = rows.filter(({ values }) => Number.isFinite(values[0])).slice(0, 12);
  const most = Math.max(...shown.map(({ values }) => values[1]));
  if (!(most > 0)) return;
  lines(figure, shown, (svg, { values, texts }, y, width) => {
    const from = values[0] / most * width;
    const to = Math.max(from + 3, values[1] / most * width);
    svg.append(shape('path', { d: `M0 ${y + 6}H${width}`, class: 'grid' }),
      shape('rect', { x: from, y, width: to - from, height: 12, rx: 3, class: 'c0' }),
      shape('text', { x: to + 6, y: y + 11 },
        `${texts[0]}–${texts[1]} s${texts[2] === '-' ? '' : `, ${texts[2]} tok/s`}`));
  });
}

// The cost, and below it the baseline.
function pairs(figure, { rows }) {
  const shown = rows.filter(({ values }) => values[1] > 0).slice(0, 12);
  const most = Math.max(...shown.flatMap(({ values }) => values.slice(0, 2).map(known)));
  if (!(most > 0)) return;
  lines(figure, shown, (svg, { values, texts }, y, width) => {
    for (const [i, height] of [[1, 12], [0, 12]])
      svg.append(shape('rect', { x: 0, y, width: Math.max(2, known(values[i]) / most * width), height, rx: 3,
        class: i ? 'none' : 'c2' }));
    svg.append(shape('text', { x: Math.max(...values.slice(0, 2).map(known)) / most * width + 6, y: y + 11 },
      `${texts[0]} of ${texts[1]}`));
  });
}

// A line for each provider, a cell for each day or hour.
function strips(figure, { heads, rows }) {
  if (!rows.some(({ values }) => values.some(Number.isFinite))) return;
  const byProvider = heads.map((name, i) => ({ name, cells: rows.map((row) => ({ time: row.name, share: row.values[i],
    href: row.href, text: row.texts[i] })) }));
  lines(figure, byProvider, (svg, { name, cells }, y, _, width) => {
    const step = width / cells.length;
    cells.forEach(({ time, share, href, text }, i) => {
      const cell = shape('rect', { x: i * step + 0.5, y, width: Math.max(1, step - 1), height: 14, rx: 2,
        class: !Number.isFinite(share) ? 'none' : share > 0 ? 'strip' : 'clear' });
      if (share > 0) cell.setAttribute('fill-opacity', 0.35 + 0.65 * share);
      cell.append(shape('title', {}, `${name}, ${time}: ${text === '-' ? 'no attempt' : `failed attempts ${text}`}`));
      svg.append(...linked(href, cell));
    });
  });
}

const SEGMENTS = 5;   // the last columns of the table of turns
const TURNS = 120;    // in the chart, the latest

function turns(figure, { heads, rows }) {
  const latest = { heads, rows: rows.slice(-TURNS) };
  const column = (name) => heads.indexOf(name);
  stack(figure, inUse(latest, heads.length - SEGMENTS, SEGMENTS), '', latest.rows.map(({ values, texts }) => ({
    share: values[column('Cached')] / values[column('In')],
    note: texts[column('Why')].endsWith(' changed') ? texts[column('Why')] : '',
  })));
}

// What the tables show, exactly: a number as it is, an unknown one as nothing.
function saveAsCsv(section) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const text = [...section.querySelectorAll('table')].map((table) => [...table.rows].map((row) =>
    [...row.cells].map((cell) => quoted(cell.dataset.value ?? (cell.textContent === '-' ? '' : cell.textContent)))
      .join(',')).join('\n')).join('\n\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/csv' }));
  link.download = `pointsman-${section.querySelector('table').parentElement.id}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const charts = {
  stack: (figure, data, table) => stack(figure, inUse(data), table.classList.contains('money') ? '$' : ''),
  curves, turns, talks, bars, spans, pairs, strips,
};

function draw() {
  for (const figure of document.querySelectorAll('figure.chart')) {
    const table = figure.parentElement.querySelector('table');
    figure.replaceChildren();
    const kind = Object.keys(charts).find((name) => table?.classList.contains(name));
    if (kind && table.tBodies[0].rows.length) charts[kind](figure, read(table), table);
  }
}

async function refresh() {
  if (document.visibilityState === 'visible') {
    try {
      const answer = await fetch(location.href, { cache: 'no-store' });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      let changed = false;
      for (const part of document.querySelectorAll('[data-live]')) {
        const now = answer.ok && page.getElementById(part.id);
        if (!now || now.innerHTML === part.innerHTML || part.contains(document.activeElement)) continue;
        part.replaceChildren(...now.childNodes);
        changed = true;
      }
      if (changed) draw();
    } catch {
      // pointsman has stopped, or a reply was lost: the figures stay as they are.
    }
  }
  setTimeout(refresh, wait());
}

// The server reads a large log in several parts, one for each request.
function wait() {
  return document.querySelector('[data-behind]') ? 100 : REFRESH_MS;
}

for (const details of document.querySelectorAll('section details')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'csv';
  button.textContent = 'Save as CSV';
  button.addEventListener('click', () => saveAsCsv(details.parentElement));
  details.append(button);
  details.open = false;
}
draw();
addEventListener('resize', draw);
document.querySelector('#range select')?.addEventListener('change', ({ target }) => target.form.requestSubmit());
setTimeout(refresh, wait());
