/* A free time that was offered fills the form in place, so that nothing typed is lost. */
document.addEventListener("click", (event) => {
  const offer = event.target instanceof Element && event.target.closest("[data-fill-starts_at]");
  if (!offer || !document.getElementById("f-starts_at")) return;
  event.preventDefault();
  for (const name of ["unit_id", "starts_at", "ends_at"]) {
    const input = document.getElementById(`f-${name}`);
    input.value = offer.getAttribute(`data-fill-${name}`);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.getElementById("booking-form").scrollIntoView({ block: "nearest" });
});

/* The week in words stands open for readers without script; beside the calendar it waits to be asked. */
document.addEventListener("DOMContentLoaded", () => {
  for (const words of document.querySelectorAll("details.week-words")) words.open = false;
});
