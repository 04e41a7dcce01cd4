// The page: what is chosen, what networks make of it, and what is told of that. All words, diagrams,
// thresholds and figures are in PAGE (data.js); networks are scripts that set NETWORKS[name].
const {states, examples, directions, figures, channels} = PAGE;
const byId = (id) => document.getElementById(id);
const BLANK = 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/%3E';

// What is chosen. own: a visitor's picture, or null for the example of a number.
const now = {state: PAGE.opening, example: examples.length ? 0 : null, own: null};
const chosen = () => states[now.state];

// Networks.

function load(file) {
  return new Promise((done, failed) => {
    const script = document.createElement('script');
    script.onload = done;
    script.onerror = () => failed(new Error(`${file} is missing beside this page`));
    script.src = file;
    document.head.append(script);
  });
}

const bytes = async (base64) =>
  new Uint8Array(await (await fetch(`data:application/octet-stream;base64,${base64}`)).arrayBuffer());

async function unzipped(data) {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

let worker, asked = 0;
const waiting = new Map();

function ask(task, given = {}, moved = []) {
  return new Promise((done, failed) => {
    waiting.set(++asked, {done, failed});
    worker.postMessage({id: asked, task, ...given}, moved);
  });
}

async function start() {
  await load('runtime.js');
  const source = new Blob([RUNTIME.script, '\n', PAGE.worker], {type: 'text/javascript'});
  worker = new Worker(URL.createObjectURL(source));
  worker.onmessage = ({data: {id, answer, error}}) => {
    const {done, failed} = waiting.get(id);
    waiting.delete(id);
    error === undefined ? done(answer) : failed(new Error(error));
  };
  const wasm = await unzipped(await bytes(RUNTIME.wasm));
  const threads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  const given = {module: RUNTIME.module, wasm, threads};
  now.way = (await ask('start', given, [wasm])) ? 'WebGPU' : 'WebAssembly';
}

window.NETWORKS = {};
const opened = new Map();

// Each once, however many ask.
function once(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}

const started = once(opened, '', start);
const network = (name) =>
  once(opened, name, async () => {
    const loading = load(`networks/${name.replace('/', '-')}.js`);
    await started;
    await loading;
    const data = await bytes(NETWORKS[name]);
    delete NETWORKS[name];
    await ask('open', {name, network: data}, [data.buffer]);
  });

// Pictures: {width, height, data}, data being floats in [-1, 1] channel by channel, and shown as
// 8-bit pixels.

function canvasOf(width, height) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, {width, height});
  return canvas;
}

function fromPixels({data, width, height}, count) {
  const size = width * height, made = new Float32Array(count * size);
  for (let i = 0; i < size; i++) {
    const [r, g, b] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    // Grey as Pillow has it (ITU-R 601-2).
    const values = count === 1 ? [(299 * r + 587 * g + 114 * b) / 1000] : [r, g, b];
    for (let c = 0; c < count; c++) made[c * size + i] = values[c] / 127.5 - 1;
  }
  return picture(made, width, height);
}

function picture(data, width, height) {
  const size = width * height, count = data.length / size;
  const levels = Uint8ClampedArray.from(data, (value) => Math.round((value + 1) * 127.5));
  const pixels = new ImageData(width, height);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = levels[(c % count) * size + i];
    pixels.data[4 * i + 3] = 255;
  }
  const canvas = canvasOf(width, height);
  canvas.getContext('2d').putImageData(pixels, 0, 0);
  return {data, levels, width, height, url: canvas.toDataURL()};
}

function drawn(source, width, height, side) {
  const context = canvasOf(width, height).getContext('2d', {willReadFrequently: true});
  context.imageSmoothingQuality = 'high';
  context.fillStyle = 'white'; // Below what is transparent.
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  return fromPixels(context.getImageData(0, 0, width, height), channels[side]);
}

const known = new Map();
const ofExample = (number, side) =>
  once(known, `${number}/${side}`, async () => {
    const image = new Image();
    image.src = examples[number][side];
    await image.decode();
    return drawn(image, image.naturalWidth, image.naturalHeight, side);
  });

// A visitor's, at most so large that networks answer soon.
function ofVisitor(source, side) {
  const {width, height} = source;
  const scale = Math.min(1, PAGE.longest / Math.max(width, height));
  return drawn(source, ...[width, height].map((n) => Math.max(1, Math.round(n * scale))), side);
}

// What networks make. A result is kept as long as its picture is.

const made = new Map();

async function make(variant, view, given) {
  const name = `${variant}/${view.network}`;
  await network(name);
  const {data, width, height} = given;
  const shape = [1, data.length / (width * height), height, width];
  const answer = await ask('run', {name, data, shape});
  return picture(answer.data, answer.shape[3], answer.shape[2]);
}

const l1 = (a, b) => a.levels.reduce((sum, v, i) => sum + Math.abs(v - b.levels[i]), 0) / a.levels.length;

function figure(key, views) {
  const found = figures[key]?.of.map((name) => views[name]);
  return found?.every(Boolean) && found[0].levels.length === found[1].levels.length ? l1(...found) : null;
}

const written = (key, value) => value.toFixed(figures[key].decimals);

// What is told.

// The templates' HTML with its slots: ⟦name⟧ as text, or as the address of a picture.
function place(html) {
  const template = document.createElement('template'), slots = new Map();
  template.innerHTML = html;
  const add = (name, set) => once(slots, name, () => []).push(set);
  for (const image of template.content.querySelectorAll('img[src^="⟦"]')) {
    add(image.getAttribute('src').slice(1, -1), (value) => (image.src = value));
    image.src = BLANK;
    image.classList.add('awaited');
  }
  const walker = document.createTreeWalker(template.content, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (walker.currentNode.data.includes('⟦')) texts.push(walker.currentNode);
  for (const text of texts) {
    const pieces = text.data.split(/⟦(.*?)⟧/).map((piece, i) => {
      const node = document.createTextNode(i % 2 ? '' : piece);
      if (i % 2) add(piece, (value) => (node.data = value));
      return node;
    });
    text.replaceWith(...pieces);
  }
  const fill = (name, value) => slots.get(name)?.forEach((set) => set(value));
  return {content: template.content, fill};
}

const SIGNS = {
  '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b,
};

// By the rules of the page: of each group the first that holds.
function sentence(state, numbers, words) {
  const holds = ([name, sign, bound]) => numbers[name] != null && SIGNS[sign](numbers[name], bound);
  const said = [];
  for (const group of state.groups) {
    const rule = group.find(({when}) => when.every(holds));
    if (rule) said.push(rule.say);
    if (rule?.ends) break;
  }
  const {content, fill} = place(said.join(''));
  for (const [name, word] of Object.entries(words)) fill(name, word);
  return content;
}

// As sentence.of_errors has them.
function ofErrors(rows, views, apart) {
  const back = views.find(({key}) => key === 'back'), same = views.find(({key}) => key === 'same');
  const errors = rows.map((row) => back && figure(back.figure, row));
  if (errors.length !== 2 || errors.some((error) => error === null || error === undefined)) return null;
  const [high, low] = [Math.max(...errors), Math.min(...errors)];
  const away = errors.map((error) => (apart ? error / apart : null));
  const numbers = {
    gap: high - low, times: low ? high / low : Infinity, excess: errors[0] - errors[1],
    away_with: away[0], away_without: away[1],
  };
  const words = {with: written(back.figure, errors[0]), without: written(back.figure, errors[1])};
  const kept = rows.map((row) => same && figure(same.figure, row));
  if (apart) {
    words.share = `${Math.round(100 * Math.min(away[1], 1))}%`;
    if (kept.every((error) => error !== null && error !== undefined)) {
      numbers.same_away = Math.min(...kept) / apart;
      words.least = written(same.figure, Math.min(...kept));
    }
  }
  return {numbers, words};
}

function control() {
  byId('sum').innerHTML = chosen().control;
  const {direction} = chosen(), {thumbnails, measured} = directions[direction];
  byId('examples').innerHTML = thumbnails;
  byId('measured').hidden = !measured;
  byId('measured').querySelector('div').innerHTML = measured;
  for (const button of byId('examples').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(now.own === null && Number(button.dataset.index) === now.example));
  }
  if (now.own === null && now.example !== null) {
    byId('examples').querySelector('.place').textContent = examples[now.example].name;
  }
  for (const radio of document.getElementsByName('direction')) radio.checked = radio.value === direction;
}

let wish = 0;

async function show() {
  const mine = ++wish, state = chosen(), isOwn = now.own !== null;
  const since = performance.now();
  control();
  byId('result').setAttribute('aria-busy', 'true');
  byId('state').textContent = now.way ? 'Computing …' : 'Loading the networks …';
  const isLate = () => mine !== wish;
  if (!isOwn && now.example === null) {
    byId('state').textContent = byId('said').textContent = '';
    byId('result').textContent = PAGE.chooseOne;
    byId('result').removeAttribute('aria-busy');
    return;
  }
  const [side, other] = state.direction;
  const original = isOwn ? ofVisitor(now.own, side) : await ofExample(now.example, side);
  const truth = isOwn ? null : await ofExample(now.example, other);
  if (isLate()) return;
  const {content, fill} = place(state.loops[isOwn ? 'own' : 'known']);
  const told = isOwn ? {numbers: {unknown: 1}, words: {}, captions: []} : examples[now.example].states[now.state];
  fill('original', original.url);
  fill('size', `${original.width}×${original.height} px`);
  if (truth) fill('truth', truth.url);
  for (const image of content.querySelectorAll('.awaited')) image.style.aspectRatio = `${original.width} / ${original.height}`;
  byId('result').replaceChildren(content);
  byId('said').replaceChildren();
  const {views, apart} = directions[state.direction], rows = [];
  for (const [number, variant] of state.rows.entries()) {
    const seen = {original};
    rows.push(seen);
    for (const view of views) {
      if (!variant || !PAGE.roles[variant].includes(view.network) || !seen[view.of]) continue;
      const key = [variant, state.direction, isOwn ? 'own' : now.example, view.key].join('/');
      seen[view.key] = await once(made, key, () => make(variant, view, seen[view.of]));
      if (isLate()) return;
      fill(`${number}.${view.key}`, seen[view.key].url);
      const error = figure(view.figure, seen);
      const score = view.key === 'made' ? told.captions[number] : '';
      fill(`${number}.${view.key}.told`, error === null ? score ?? '' : `${figures[view.figure].label} ${written(view.figure, error)}`);
    }
  }
  const found = ofErrors(rows, views, apart);
  if (found) {
    const numbers = {...state.numbers, ...told.numbers, ...found.numbers};
    byId('said').replaceChildren(sentence(state, numbers, {...told.words, ...found.words}));
  }
  byId('result').removeAttribute('aria-busy');
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  byId('state').textContent = `Computed here by ${now.way} in ${seconds} s.`;
  document.body.dataset.shown = mine;
}

function shown() {
  show().catch((error) => {
    byId('state').textContent =
      `This browser could not run the networks: ${error.message}. If the page was opened from a ` +
      'folder, run “python -m http.server” in it and open http://localhost:8000 instead.';
  });
}

// What a visitor does.

function own(picture) {
  for (const key of made.keys()) if (key.includes('/own/')) made.delete(key);
  now.own = picture;
  shown();
}

async function take(file) {
  if (!file) return;
  try {
    own(await createImageBitmap(file));
  } catch {
    byId('state').textContent = `${file.name || 'What was pasted'} is no picture that this browser can open.`;
  }
}

const camera = {
  async open() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({video: true});
      byId('video').srcObject = stream;
      await byId('video').play(); // Before that there is nothing to take.
      byId('camera').hidden = false;
    } catch (error) {
      const why = {NotAllowedError: 'it was not allowed', NotFoundError: 'there is none'};
      byId('state').textContent = navigator.mediaDevices
        ? `The webcam cannot be used: ${why[error.name] ?? error.message}.`
        : 'A browser gives the webcam to pages over HTTPS alone, and to those of this machine.';
    }
  },
  take() {
    const {videoWidth: width, videoHeight: height} = byId('video');
    const side = Math.min(width, height), canvas = canvasOf(side, side);
    canvas.getContext('2d').drawImage(byId('video'), (side - width) / 2, (side - height) / 2);
    camera.close();
    own(canvas);
  },
  close() {
    for (const track of byId('video').srcObject?.getTracks() ?? []) track.stop();
    byId('video').srcObject = null;
    byId('camera').hidden = true;
  },
};

byId('examples').addEventListener('click', ({target}) => {
  const button = target.closest('button');
  if (!button) return;
  Object.assign(now, {example: Number(button.dataset.index), own: null});
  shown();
  byId('examples').querySelector(`[data-index="${now.example}"]`).focus();
});
byId('sum').addEventListener('click', ({target}) => {
  const button = target.closest('button');
  if (!button) return;
  now.state = chosen().toggled[Number(button.dataset.index)];
  shown();
  byId('sum').querySelector(`[data-index="${button.dataset.index}"]`)?.focus();
});
byId('direction')?.addEventListener('change', ({target}) => {
  now.state = [target.value, ...now.state.split('/').slice(1)].join('/');
  shown();
});
byId('choose').addEventListener('click', () => byId('file').click());
byId('file').addEventListener('change', ({target}) => {
  take(target.files[0]);
  target.value = '';
});
byId('webcam').addEventListener('click', camera.open);
byId('take').addEventListener('click', camera.take);
byId('leave').addEventListener('click', camera.close);
addEventListener('paste', ({clipboardData}) => take([...clipboardData.files][0]));
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});
lens(byId('result'));
shown();
