// Shows the samples of another step; without this, the last ones are in sight.
for (const film of document.querySelectorAll('.film')) {
  const range = film.querySelector('input');
  if (!range) continue;
  const steps = range.dataset.steps.split(' ');
  const show = () => {
    for (const strip of film.querySelectorAll('.moving')) {
      strip.querySelectorAll('img').forEach((image, i) => { image.hidden = i !== Number(range.value); });
    }
    const words = 'step ' + Number(steps[range.value]).toLocaleString('en');
    range.setAttribute('aria-valuetext', words);
    film.querySelector('output').textContent = words;
  };
  range.addEventListener('input', show);
  film.querySelector('.time').hidden = false;
  show();
}
