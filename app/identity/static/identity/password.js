/* A box below each password field that shows what was typed; without script there is none. */

for (const input of document.querySelectorAll("input[data-reveal]")) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  const text = document.createElement("span");
  label.className = "choice";
  box.className = "choice__input";
  box.type = "checkbox";
  text.className = "choice__text";
  text.textContent = input.dataset.reveal;
  label.append(box, text);
  box.addEventListener("change", () => {
    input.type = box.checked ? "text" : "password";
  });
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
  input.parentElement.after(label);
}
