/**
 * What a person with other eyes or without a mouse meets on a page, as far as a program can tell: names of controls,
 * order of headings, contrast, width. A text that is run in the page; it evaluates to a list of complaints.
 */
export const PAGE_AUDIT = `(() => {
  const complaints = [];
  const complain = (what, element) =>
    complaints.push(what + ': ' + element.outerHTML.slice(0, 120).replaceAll(/\\s+/g, ' '));
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(isShown);

  // WCAG 1.3.1, 4.1.2: every control has a name.
  for (const element of all('input, select, textarea, progress')) {
    if ((element.labels?.length ?? 0) === 0 && !element.hasAttribute('aria-label')) complain('no label', element);
  }
  for (const element of all('button, a[href], summary')) {
    const name = element.getAttribute('aria-label') ?? element.textContent;
    if (name.trim() === '') complain('no name', element);
  }
  // 2.4.3: nothing jumps the order of the page.
  for (const element of all('[tabindex]')) if (element.tabIndex > 0) complain('jumps the order', element);
  // 1.3.1: tables say what they are and name their columns; one h1, no level left out.
  for (const table of document.querySelectorAll('table')) {
    if (table.caption === null || table.querySelector('th[scope]') === null) complain('table without names', table);
  }
  const levels = all('h1, h2, h3, h4').map(({ tagName }) => Number(tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) complaints.push('not one h1: ' + levels.join(' '));
  levels.forEach((level, i) => {
    if (i > 0 && level > levels[i - 1] + 1) complaints.push('a level of headings is left out: ' + levels.join(' '));
  });
  // 4.1.1: ids are unique, the page has a language and a title.
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) complaints.push('an id comes twice');
  if (document.documentElement.lang === '' || document.title === '') complaints.push('no language or title');
  // 1.4.10: no sideways scrolling.
  const { scrollWidth, clientWidth } = document.documentElement; // innerWidth grows with what is too wide
  const excess = scrollWidth - clientWidth;
  if (excess > 0) complaints.push(excess + ' pixels too wide');

  // 1.4.3: contrast of texts.
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgb(getComputedStyle(document.documentElement).colorScheme.includes('dark') ? '#121212' : '#fff');
  };
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const seen = new Set();
  for (const element of all('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!hasText || element.matches(':disabled, option')) continue;
    const [a, b] = [rgb(getComputedStyle(element).color), ground(element)].map(luminance).sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const key = element.tagName + element.className;
    if (ratio < 4.5 && !seen.has(key)) complain('contrast ' + ratio.toFixed(2), element);
    seen.add(key);
  }
  return complaints;
})()`;
