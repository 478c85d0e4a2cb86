/* The week of one instrument, on the wall clock of its timezone: the grid is told wall-clock text, and instants get
   their offset on the way out. What may be drawn is judged by WeekTerms before it is offered. */

const PHONE = window.matchMedia("(max-width: 44rem)");

class WeekCalendar {
  constructor(root) {
    this.root = root;
    this.options = root.dataset;
    this.status = root.querySelector(".week-calendar__status");
    this.clear = root.querySelector(".week-calendar__clear");
    this.starts = document.getElementById(this.options.startsAt);
    this.ends = document.getElementById(this.options.endsAt);
    this.unit = document.getElementById(this.options.unit);
    this.terms = new window.WeekTerms();
    this.calendar = window.EventCalendar.create(root.querySelector(".week-calendar__grid"), this.settings());
    for (const input of [this.starts, this.ends]) input?.addEventListener("input", () => this.followForm());
    this.unit?.addEventListener("change", () => this.calendar.refetchEvents());
    this.clear.addEventListener("click", () => this.fill("", ""));
    PHONE.addEventListener("change", () => this.calendar.setOption("view", this.view()));
    this.draw();
  }

  view() {
    return PHONE.matches ? "timeGridDay" : "timeGridWeek";
  }

  settings() {
    const text = (name) => this.options[`text${name}`];
    const time = { hour: "2-digit", minute: "2-digit", hour12: false };
    return {
      view: this.view(),
      date: this.starts?.value || this.options.date || this.wall(Date.now()),
      timeZone: this.offset(),
      locale: this.options.locale,
      firstDay: 1,
      allDaySlot: false,
      nowIndicator: true,
      selectable: Boolean(this.starts && this.ends),
      slotMinTime: this.options.opens,
      slotMaxTime: this.options.closes,
      slotDuration: { minutes: Number(this.options.slotMinutes) },
      snapDuration: { minutes: Number(this.options.snapMinutes) },
      slotHeight: 26,
      slotEventOverlap: false,
      selectLongPressDelay: 350,
      unselectAuto: false,
      slotLabelFormat: time,
      eventTimeFormat: (start, end) => this.hours(start, end),
      dayHeaderFormat: (day) => this.dayName(day),
      titleFormat: { year: "numeric", month: "long" },
      headerToolbar: { start: "title", center: "", end: "today prev,next" },
      buttonText: (texts) => ({ ...texts, today: text("Today"), prev: text("Previous"), next: text("Next") }),
      eventSources: [{ events: (range) => this.load(range) }],
      eventClassNames: ({ event }) => [`is-${event.extendedProps.is}`],
      selectConstraint: (span) => this.weigh(span),
      dragConstraint: ({ event }) => this.weigh(event, event.extendedProps.bookingId),
      resizeConstraint: ({ event }) => this.weigh(event, event.extendedProps.bookingId),
      select: (span) => this.choose(span),
      eventDrop: (change) => this.change(change),
      eventResize: (change) => this.change(change),
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

  /* A wall-clock time as an instant, with the offset the timezone has then. */
  instant(wall) {
    const asUtc = Date.parse(`${wall.slice(0, 16)}:00Z`);
    return asUtc - (Date.parse(`${this.wall(asUtc)}:00Z`) - asUtc);
  }

  /* The timezone's offset now, "+08:00", for the grid's now-line and today. */
  offset() {
    const name = new Intl.DateTimeFormat("en", { timeZone: this.options.timezone, timeZoneName: "longOffset" })
      .formatToParts(new Date()).find((part) => part.type === "timeZoneName").value;
    return name.replace("GMT", "") || "UTC";
  }

  async load(range) {
    const url = new URL(this.options.availabilityUrl, window.location.href);
    const [since, until] = [range.startStr, range.endStr].map((day) => this.instant(`${day.slice(0, 10)}T00:00`));
    url.searchParams.set("since", new Date(since).toISOString());
    url.searchParams.set("until", new Date(until).toISOString());
    if (this.unit?.value) url.searchParams.set("unit_id", this.unit.value);
    try {
      const response = await fetch(url, { headers: { accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      this.terms = new window.WeekTerms(answer);
      this.tell();
      return [...this.shown(answer, since, until), ...this.chosen()];
    } catch {
      this.say(this.options.textFailed);
      return this.chosen();
    }
  }

  /* Everything to draw between two instants. */
  shown(answer, since, until) {
    const labels = new Map(this.unit || !(answer.units?.length > 1) ? [] : answer.units.map(({ id, label }) => [id, label]));
    const { serving, earliest, latest } = this.terms;
    const out = [[since, serving ? earliest : until], [Math.max(since, latest), until]].filter(([a, b]) => a < b && b > since);
    return [
      ...answer.busy.flatMap((slot) => this.busy(slot, labels.get(slot.unit_id))),
      ...answer.closed.map((slot) => this.shade("closed", slot.starts_at, slot.ends_at)),
      ...out.map(([from, to]) => this.shade("out", from, Math.min(to, until))),
    ];
  }

  busy(slot, unit) {
    const during = slot.booked ?? slot;
    if (slot.booking_id && slot.booking_id === this.options.moving) {
      return [this.shade("moving", during.starts_at, during.ends_at)];
    }
    const movable = Boolean(slot.mine && this.options.moveUrl && Date.parse(during.starts_at) > Date.now());
    const event = {
      id: slot.booking_id ? `booking-${slot.booking_id}` : undefined,
      start: this.wall(during.starts_at),
      end: this.wall(during.ends_at),
      title: [slot.label || this.options[slot.mine ? "textMine" : "textBusy"], unit].filter(Boolean).join(" · "),
      editable: movable,
      startEditable: movable,
      durationEditable: movable,
      extendedProps: { is: slot.mine ? "mine" : "busy", bookingId: slot.booking_id },
    };
    const buffers = [[slot.starts_at, during.starts_at], [during.ends_at, slot.ends_at]];
    return [event, ...buffers.filter(([from, to]) => from < to).map(([from, to]) => this.shade("buffer", from, to))];
  }

  shade(is, from, until) {
    return { start: this.wall(from), end: this.wall(until), display: "background", editable: false, extendedProps: { is } };
  }

  text(date) {
    const two = (number) => String(number).padStart(2, "0");
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
  }

  /* "09:00–11:30"; midnight at the end is 24:00, as on every page. The calendar gives the end's time on the start's day. */
  hours(start, end) {
    const last = this.text(end).slice(11);
    return `${this.text(start).slice(11)}–${last === "00:00" ? "24:00" : last}`;
  }

  /* While the hand draws: say at once what would be wrong. The grid would jump back to its first slot if it were refused here. */
  weigh({ start, end }, bookingId) {
    const found = this.fault(this.text(start), this.text(end), bookingId);
    this.root.classList.toggle("is-refusing", Boolean(found));
    this.say(found ? this.sentence(found) : this.hours(start, end));
    return true;
  }

  fault(start, end, bookingId) {
    return this.terms.fault(this.instant(start), this.instant(end), bookingId ?? this.options.moving);
  }

  choose({ start, end }) {
    this.calendar.unselect();
    const [from, until] = [this.text(start), this.text(end)];
    const found = this.fault(from, until);
    this.root.classList.remove("is-refusing");
    if (found) this.say(this.sentence(found));
    else this.fill(from, until);
  }

  /* Put times into the form; "" clears them. */
  fill(start, end) {
    [this.starts.value, this.ends.value] = [start, end];
    for (const input of [this.starts, this.ends]) input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* Show the form's times, turning to their week. */
  followForm() {
    const start = this.starts.value;
    const { activeStart, activeEnd } = this.calendar.getView();
    if (start && (start < this.text(activeStart) || start >= this.text(activeEnd))) this.calendar.setOption("date", start);
    this.draw();
  }

  /* The form's times as the grid's event, whether dragged or typed; it can be dragged and stretched. */
  chosen() {
    const [start, end] = [this.starts?.value, this.ends?.value];
    if (!start || !end || end <= start) return [];
    const is = this.fault(start, end) ? "refused" : "chosen";
    return [{ id: "chosen", start, end, title: this.options.textChosen, editable: true, extendedProps: { is } }];
  }

  draw() {
    this.calendar.removeEventById("chosen");
    for (const event of this.chosen()) this.calendar.addEvent(event);
    this.tell();
  }

  /* "2026-11-23 24:00" for midnight at the end of that day. */
  until(end) {
    const [day, clock] = end.split("T");
    if (clock !== "00:00") return `${day} ${clock}`;
    const before = new Date(`${day}T00:00Z`);
    before.setUTCDate(before.getUTCDate() - 1);
    return `${before.toISOString().slice(0, 10)} 24:00`;
  }

  /* Say what is chosen, and why it cannot be booked. */
  tell() {
    const [start, end] = [this.starts?.value, this.ends?.value];
    this.clear.hidden = !start && !end;
    if (!start || !end) {
      this.say("");
      return;
    }
    const found = this.fault(start, end);
    const chosen = `${this.options.textChosen} ${start.replace("T", " ")} – ${this.until(end)}`;
    this.say(found ? `${chosen}（${this.sentence(found)}）` : chosen);
  }

  /* The chosen time, or an own booking, was dragged or stretched; a booking's move is confirmed on its own page. */
  change({ event, revert }) {
    const { bookingId } = event.extendedProps;
    const [start, end] = [this.text(event.start), this.text(event.end)];
    const found = this.fault(start, end, bookingId);
    this.root.classList.remove("is-refusing");
    if (found) {
      revert();
      this.say(this.sentence(found));
    } else if (bookingId) {
      const wanted = new URLSearchParams({ starts_at: start, ends_at: end, week: start.slice(0, 10) });
      window.location.assign(`${this.options.moveUrl.replace("{id}", bookingId)}?${wanted}`);
    } else {
      this.fill(start, end);
    }
  }

  /* A reason in words. */
  sentence({ reason, ...values }) {
    if (values.time) values.time = this.wall(values.time).replace("T", " ");
    return this.options[`text${reason}`].replace(/\{(\w+)\}/g, (_, name) => values[name]);
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
