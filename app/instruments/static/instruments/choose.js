/* All boxes of a page at once; without script each is ticked by hand. */
for (const form of document.querySelectorAll("form[data-choose]")) {
  const all = form.querySelector("[data-choose-all]");
  all.hidden = false;
  all.addEventListener("click", () => {
    const boxes = [...form.querySelectorAll("input[type=checkbox]")];
    const missing = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = missing;
  });
}
