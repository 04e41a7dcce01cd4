// Plays a film of frames that are all there already, or shows one of them.
let timer = null;
const stop = () => {
  clearInterval(timer);
  timer = null;
  const button = element.querySelector('.film button');
  if (button) { button.textContent = '▶'; button.setAttribute('aria-label', 'Play'); }
};
const show = (index) => {
  const range = element.querySelector('.film input');
  range.value = index;
  for (const strip of element.querySelectorAll('.film .strip')) {
    strip.querySelectorAll('img').forEach((image, i) => { image.hidden = i !== index; });
    strip.querySelectorAll('.figure').forEach((words, i) => { words.hidden = i !== index; });
  }
  const steps = range.dataset.steps.split(' ');
  const words = 'step ' + Number(steps[index]).toLocaleString('en');
  range.setAttribute('aria-valuetext', words);
  element.querySelector('.film output').textContent = words;
};
element.addEventListener('input', (event) => {
  if (!event.target.closest('.film input')) return;
  stop();
  show(Number(event.target.value));
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('.film button');
  if (!button) return;
  if (timer) return stop();
  const range = element.querySelector('.film input');
  if (range.value === range.max) show(0);
  button.textContent = '❚❚';
  button.setAttribute('aria-label', 'Pause');
  timer = setInterval(() => {
    const now = element.querySelector('.film input');
    if (!now || now.value === now.max) return stop();
    show(Number(now.value) + 1);
  }, 450);
});
watch('value', stop);
