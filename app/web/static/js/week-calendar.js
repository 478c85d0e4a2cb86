/* The week of one instrument, on the wall clock of its timezone: the grid knows no timezones, so instants become wall-clock
   text on the way in and get their offset on the way out. */

const PHONE = window.matchMedia("(max-width: 44rem)");

class WeekCalendar {
  constructor(root) {
    this.root = root;
    this.options = root.dataset;
    this.status = root.querySelector(".week-calendar__status");
    this.starts = document.getElementById(this.options.startsAt);
    this.ends = document.getElementById(this.options.endsAt);
    this.unit = document.getElementById(this.options.unit);
    this.taken = [];
    this.chosen = null;
    this.calendar = window.EventCalendar.create(root.querySelector(".week-calendar__grid"), this.settings());
    for (const input of [this.starts, this.ends]) input?.addEventListener("change", () => this.showTyped());
    this.unit?.addEventListener("change", () => this.calendar.refetchEvents());
    PHONE.addEventListener("change", () => this.calendar.setOption("view", this.view()));
    this.showTyped();
  }

  view() {
    return PHONE.matches ? "timeGridDay" : "timeGridWeek";
  }

  settings() {
    const text = (name) => this.options[`text${name}`];
    const time = { hour: "2-digit", minute: "2-digit", hour12: false };
    return {
      view: this.view(),
      date: this.options.date || this.starts?.value || this.wall(new Date()),
      locale: this.options.locale,
      firstDay: 1,
      allDaySlot: false,
      nowIndicator: true,
      selectable: Boolean(this.starts && this.ends),
      slotMinTime: this.options.opens,
      slotMaxTime: this.options.closes,
      slotDuration: { minutes: Number(this.options.stepMinutes) },
      slotHeight: 26,
      slotEventOverlap: false,
      selectLongPressDelay: 350,
      unselectAuto: false,
      slotLabelFormat: time,
      eventTimeFormat: time,
      dayHeaderFormat: (day) => this.dayName(day),
      titleFormat: { year: "numeric", month: "long" },
      headerToolbar: { start: "title", center: "", end: "today prev,next" },
      buttonText: (texts) => ({ ...texts, today: text("Today"), prev: text("Previous"), next: text("Next") }),
      eventSources: [{ events: (range) => this.load(range) }],
      eventClassNames: ({ event }) => [`is-${event.extendedProps.is}`],
      selectConstraint: (span) => this.isFree(span),
      dragConstraint: ({ event }) => this.isFree(event, event.extendedProps.bookingId),
      resizeConstraint: ({ event }) => this.isFree(event, event.extendedProps.bookingId),
      select: (span) => this.choose(span),
      eventDrop: (change) => this.move(change),
      eventResize: (change) => this.move(change),
    };
  }

  dayName(day) {
    const weekday = new Intl.DateTimeFormat(this.options.locale, { weekday: "short" }).format(day);
    const [month, date] = [day.getMonth() + 1, day.getDate()];
    return this.options.locale === "zh-CN" ? `${weekday} ${month}/${date}` : `${weekday} ${date}/${month}`;
  }

  /* "2026-11-23T09:00" on the instrument's wall clock. */
  wall(instant) {
    const parts = new Intl.DateTimeFormat("sv-SE", {
      timeZone: this.options.timezone, dateStyle: "short", timeStyle: "short",
    }).format(new Date(instant));
    return parts.replace(" ", "T");
  }

  /* A wall-clock time as an instant with the offset the timezone has then. */
  instant(wall) {
    const asUtc = new Date(`${wall.slice(0, 16)}:00Z`);
    const offset = new Date(`${this.wall(asUtc)}:00Z`) - asUtc;
    return new Date(asUtc - offset).toISOString();
  }

  async load(range) {
    const url = new URL(this.options.availabilityUrl, window.location.href);
    url.searchParams.set("since", this.instant(`${range.startStr.slice(0, 10)}T00:00`));
    url.searchParams.set("until", this.instant(`${range.endStr.slice(0, 10)}T00:00`));
    if (this.unit?.value) url.searchParams.set("unit_id", this.unit.value);
    try {
      const response = await fetch(url, { headers: { accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      const { busy, closed } = await response.json();
      const past = { starts_at: this.instant(`${range.startStr.slice(0, 10)}T00:00`), ends_at: new Date().toISOString() };
      const shut = past.starts_at < past.ends_at ? [...closed, past] : closed;
      const shown = [...busy.map((slot) => this.busy(slot)), ...shut.map((slot) => this.closed(slot))];
      this.taken = shown;
      this.say("");
      return this.chosen ? [...shown, this.chosen] : shown;
    } catch {
      this.say(this.options.textFailed);
      return [];
    }
  }

  busy(slot) {
    const movable = Boolean(slot.mine && slot.booking_id && this.options.moveForm);
    return {
      id: slot.booking_id ? `booking-${slot.booking_id}` : undefined,
      start: this.wall((slot.booked || slot).starts_at),
      end: this.wall((slot.booked || slot).ends_at),
      title: slot.label || (slot.mine ? this.options.textMine : this.options.textBusy),
      editable: movable,
      startEditable: movable,
      durationEditable: movable,
      extendedProps: { is: slot.mine ? "mine" : slot.kind === "maintenance" ? "closed" : "busy", bookingId: slot.booking_id },
    };
  }

  closed(slot) {
    return {
      start: this.wall(slot.starts_at),
      end: this.wall(slot.ends_at),
      title: this.options.textClosed,
      display: "background",
      editable: false,
      extendedProps: { is: "closed" },
    };
  }

  isFree({ start, end }, movedBooking) {
    const from = this.text(start);
    const until = this.text(end);
    if (from < this.wall(new Date())) return false;
    return !this.taken.some((slot) => {
      const own = movedBooking && slot.extendedProps.bookingId === movedBooking;
      return !own && slot.start < until && from < slot.end;
    });
  }

  text(date) {
    const two = (number) => String(number).padStart(2, "0");
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
  }

  choose({ start, end }) {
    this.calendar.unselect();
    // The grid does not ask about the first slot one presses on.
    if (!this.isFree({ start, end })) {
      this.say(this.options.textTaken);
      return;
    }
    this.starts.value = this.text(start);
    this.ends.value = this.text(end);
    for (const input of [this.starts, this.ends]) input.dispatchEvent(new Event("input", { bubbles: true }));
    this.showTyped();
  }

  /* The form's times drawn on the grid, whether dragged or typed. */
  showTyped() {
    if (this.chosen) this.calendar.removeEventById("chosen");
    this.chosen = null;
    const [start, end] = [this.starts?.value, this.ends?.value];
    if (!start || !end || end <= start) return;
    this.chosen = {
      id: "chosen", start, end, title: this.options.textChosen, editable: false, extendedProps: { is: "chosen" },
    };
    this.calendar.addEvent(this.chosen);
    this.say(`${this.options.textChosen} ${start.replace("T", " ")} – ${end.replace("T", " ")}`);
  }

  move({ event, revert }) {
    const detail = {
      bookingId: event.extendedProps.bookingId,
      startsAt: this.instant(this.text(event.start)),
      endsAt: this.instant(this.text(event.end)),
      revert,
    };
    if (!this.isFree(event, detail.bookingId)) {
      this.say(this.options.textTaken);
      revert();
      return;
    }
    const wanted = this.root.dispatchEvent(
      new CustomEvent("week-calendar:move", { detail, bubbles: true, cancelable: true }),
    );
    const form = document.getElementById(this.options.moveForm);
    if (!wanted || !form) return;
    form.elements.booking_id.value = detail.bookingId;
    form.elements.starts_at.value = detail.startsAt;
    form.elements.ends_at.value = detail.endsAt;
    form.requestSubmit();
  }

  say(sentence) {
    this.status.textContent = sentence;
  }
}

const start = () => {
  for (const root of document.querySelectorAll("[data-week-calendar]:not([data-ready])")) {
    root.dataset.ready = "true";
    root.weekCalendar = new WeekCalendar(root);
  }
};
document.addEventListener("DOMContentLoaded", start);
document.addEventListener("htmx:after:swap", start);
