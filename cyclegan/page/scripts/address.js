// The address says what is shown, so that reload, Back and a copied link lead here again. The
// component holds the server's part of it; tabs, and what is done in the browser alone, are added.
const HERE = ['tab', 'predict', 'present'];
const params = () => new URLSearchParams(location.search);
const tabs = () => [...document.querySelectorAll('[role=tablist] [role=tab]')];
const nameOf = (tab) => tab.textContent.trim().toLowerCase();
const selected = () => tabs().find((tab) => tab.getAttribute('aria-selected') === 'true');
const said = () => element.querySelector('[data-query]').dataset;

const text = (wanted) => wanted.toString().replaceAll('%2C', ',').replace(/=(?=&|$)/g, '');
const setTab = (wanted, tab) => {
  if (tab === 'translate') wanted.delete('tab'); else wanted.set('tab', tab);
};
const link = () => {
  const wanted = new URLSearchParams(said().query), now = params();
  for (const name of HERE) if (now.has(name)) wanted.set(name, now.get(name));
  if (said().tab) setTab(wanted, said().tab);
  return text(wanted);
};
const write = (query) => {
  if (query === location.search.slice(1)) return;
  history.pushState(null, '', query ? '?' + query : location.pathname);
};
const open = (name) => {
  const tab = tabs().find((one) => nameOf(one) === name);
  if (tab && tab !== selected()) tab.click();
};
const present = () => {
  const is = params().has('present');
  document.body.classList.toggle('present', is);
};

// A tab that is opened, by whomever, is in the address.
new MutationObserver(() => {
  if (!selected()) return;
  const wanted = params();
  setTab(wanted, nameOf(selected()));
  write(text(wanted));
}).observe(document.querySelector('[role=tablist]'), {
  subtree: true, attributes: true, attributeFilter: ['aria-selected'],
});

watch('value', () => {
  const {query, tab} = said();
  if (query) write(link());
  if (tab) open(tab);
  present();
});
addEventListener('popstate', () => {
  open(params().get('tab') ?? 'translate');
  present();
  trigger('click', {query: location.search});
});

const copied = async (button) => {
  const address = location.origin + location.pathname + (link() ? '?' + link() : '');
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(address);
    button.textContent = 'Copied';
  } catch {
    prompt('The address of what you see:', address);
  }
  setTimeout(() => { button.textContent = before; }, 1500);
};
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-do]');
  if (button?.dataset.do === 'link') copied(button);
  if (button?.dataset.do === 'present') {
    const wanted = params();
    if (wanted.has('present')) wanted.delete('present'); else wanted.set('present', '');
    write(text(wanted));
    present();
  }
});

// Before a class, keys go through the story.
const FORTH = ['ArrowRight', 'PageDown'], BACK = ['ArrowLeft', 'PageUp'];
document.addEventListener('keydown', (event) => {
  if (!document.body.classList.contains('present')) return;
  if (event.target.closest('input, textarea, select, [role=tab], [role=listbox]')) return;
  const by = FORTH.includes(event.key) - BACK.includes(event.key);
  const steps = [...document.querySelectorAll('.steps button:not([data-story])')];
  if (!by || !steps.length) return;
  const now = steps.findIndex((one) => one.hasAttribute('aria-current'));
  const answer = document.querySelector('.told details:not([open]) summary');
  event.preventDefault();
  if (by > 0 && answer) answer.click(); else steps[Math.min(Math.max(now + by, 0), steps.length - 1)].click();
});

open(params().get('tab') ?? 'translate');
present();
