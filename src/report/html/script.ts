/**
 * The script of the pages: a click on a heading, or Enter upon it, sorts its table; whoever prints gets all tables. Without it
 * a page shows the same in the order of the results file. Relies on the attribute `data-by` of the fields of {@linkcode htmlTable}.
 *
 * @module
 */

/** The text of the script. It must not contain the end tag of a script. */
export const PAGE_SCRIPT = `
for (const head of document.querySelectorAll("table.sortable thead th")) {
  head.classList.add("sorts");
  head.tabIndex = 0;
  const sort = () => {
    const body = head.closest("table").tBodies[0];
    const falls = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const key = (row) => row.cells[head.cellIndex].dataset.by;
    const compare = (one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === "" || b === "") return (a === "") - (b === "");
      const numbers = Number(a) - Number(b);
      return (falls ? -1 : 1) * (Number.isNaN(numbers) ? a.localeCompare(b) : numbers);
    };
    body.append(...[...body.rows].sort(compare));
  };
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
}
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
`;
