define([], () => {
  let count = 0;
  return { next: () => { count += 1; return count; } };
});
