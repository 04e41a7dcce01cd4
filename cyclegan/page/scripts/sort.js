// A click on a heading sorts the table by its column.
element.addEventListener('click', (event) => {
  const head = event.target.closest('th[aria-sort]');
  if (!head) return;
  const body = head.closest('table').tBodies[0], heads = [...head.parentNode.children];
  const {first} = head.dataset, other = first === 'ascending' ? 'descending' : 'ascending';
  const order = head.getAttribute('aria-sort') === first ? other : first;
  const sign = order === 'ascending' ? 1 : -1, column = heads.indexOf(head);
  const value = (row) => row.children[column].dataset.value;
  const compare = (a, b) => {
    const [u, v] = [value(a), value(b)];
    if (u === '' || v === '') return (u === '') - (v === '');
    return sign * (Number(u) - Number(v));
  };
  body.append(...[...body.rows].sort(compare));
  for (const one of heads) one.setAttribute('aria-sort', one === head ? order : 'none');
});
