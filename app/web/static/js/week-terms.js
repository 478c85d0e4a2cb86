/* The terms a span must keep to be booked, as the availability answer tells them: the server judges by the same.
   All times here are milliseconds since the epoch. */

const MINUTE_MS = 60_000;

class WeekTerms {
  constructor(answer = {}) {
    const span = (slot) => ({ from: Date.parse(slot.starts_at), until: Date.parse(slot.ends_at), bookingId: slot.booking_id });
    const length = (minutes, missing) => (minutes ?? missing) * MINUTE_MS;
    this.busy = (answer.busy ?? []).map(span);
    this.closed = (answer.closed ?? []).map(span);
    this.gridStarts = (answer.grid_starts ?? []).map((start) => Date.parse(start));
    this.serving = answer.takes_bookings ?? true;
    this.earliest = answer.bookable_from ? Date.parse(answer.bookable_from) : -Infinity;
    this.latest = answer.bookable_until ? Date.parse(answer.bookable_until) : Infinity;
    this.step = length(answer.step_min, 1);
    this.shortest = length(answer.min_min, 0);
    this.longest = length(answer.max_min, Infinity);
    this.setup = length(answer.setup_min, 0);
    this.teardown = length(answer.teardown_min, 0);
  }

  /* What is wrong with a span: the name of a reason and the values its sentence needs, or null. `moving` is the
     booking that would give way. */
  fault(from, until, moving = null) {
    if (until <= from) return { reason: "Order" };
    if (!this.serving) return { reason: "Stopped" };
    if (from < Date.now()) return { reason: "Past" };
    if (from < this.earliest) return { reason: "Early", time: this.earliest };
    if (from >= this.latest) return { reason: "Late", time: this.latest };
    return this.clash(from, until, moving) ?? this.misfit(from, until - from);
  }

  clash(from, until, moving) {
    const overlaps = (slot, start, end) => slot.from < end && start < slot.until;
    if (this.closed.some((slot) => overlaps(slot, from, until))) return { reason: "Shut" };
    const others = this.busy.filter((slot) => !moving || slot.bookingId !== moving);
    if (others.some((slot) => overlaps(slot, from, until))) return { reason: "Taken" };
    const near = others.some((slot) => overlaps(slot, from - this.setup, until + this.teardown));
    return near ? { reason: "Buffer" } : null;
  }

  /* The grid of steps begins anew at every opening. */
  misfit(from, length) {
    if (length > this.longest) return { reason: "Long", minutes: this.longest / MINUTE_MS };
    if (length < this.shortest) return { reason: "Short", minutes: this.shortest / MINUTE_MS };
    const gridStart = this.gridStarts.findLast((start) => start <= from) ?? from;
    const fits = (from - gridStart) % this.step === 0 && length % this.step === 0;
    return fits ? null : { reason: "Step", time: gridStart, step: this.step / MINUTE_MS };
  }
}

window.WeekTerms = WeekTerms;
