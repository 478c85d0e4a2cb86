"""Web: the pages' frame and components, forms, static files, and what keeps a browser on our side.

How to write pages of a feature (`app/<feature>/pages.py`, templates in `app/<feature>/templates/<feature>/`):

    from app.web.public import Entry, Form, LocalInstant, Pages, render, see_other

    pages = Pages(prefix="/bookings", entries=[
        Entry(msg("我的预约"), "/bookings", Permission.BOOKINGS_READ, place="account", icon="calendar-check", position=10)])

    @pages.get("")                        # places: main (header), account and manage (under the person's name)
    async def list_page(request: Request, db: Reads, caller: Annotated[Principal, requires(Permission.BOOKINGS_READ)]):
        return render(request, "bookings/list.html", bookings=..., fragment="bookings/_list.html")

    @pages.post("")
    async def book_page(request: Request, db: Writes, caller: ...) -> Response:
        form = await Form.read(request, BookingForm, names={"during.start": "starts_at"})   # service field → form field
        booking = await form.submit(db, lambda typed: service.book(db, caller=caller, ...)) # in a savepoint; keeps refusals
        if booking:
            return see_other(request, f"/bookings/{booking.id}", notice=msg("预约成功"))
        return render(request, "bookings/new.html", status_code=form.status, form=form)

A form model is a `core.schema.Input`; `LocalInstant` reads `<input type="datetime-local">` as Asia/Shanghai; empty inputs
count as absent; list-typed fields take repeated values; an `UploadFile` field takes a file, a list of them several. `Form.filled({...})` prefills.
Raise Problems for everything else: `problem_page` shows them (401 goes to /sign-in?next=…).
`render(..., form_action=["https://idp.example"])` lets a form end at another origin. A page made of several parts gives
`fragment=` for htmx. Without script every link and form must work: htmx only saves a reload.

In templates: `{% extends "layout.html" %}`; blocks title, meta, styles, scripts, body_class, main_class ("page", or
"page page--narrow"), content. Texts `{{ _("已有 {count} 条", count=n) }}`, English in `app/<feature>/en.po`; a `Message` in
`{{ }}` translates itself. Where one Chinese word is several English ones, `_p("one", "仪器")` and `pmsg("event", "登录")` name
the context (`msgctxt`): none is the verb or the plural; "one" the singular, "state" a state, "event" what has happened.
Filters: `{{ at|when }}`, `{{ start|when(end, tz="Asia/Shanghai") }}`, `{{ fen|money }}`, `{{ fen|worth }}`,
`{{ instrument|own_name }}` (name_zh or name_en),
`{{ at|local_input }}`, `{{ start|hours(end, tz="Asia/Shanghai") }}`, `{{ {"hx-get": url}|attributes }}`. Functions: `static("css/x.css")`, `icon(name, label=none)` (names
in icons.txt: add yours, then `python -m app.cli assets`), `csrf_field()` in every POST form, `this_page()` (locale, caller,
`here(cursor=none, q="x")`), `province_name(code)`. No inline script or style: the policy forbids both.
A feature's own files stand in `app/<feature>/static/<feature>/`: `static("instruments/book.js")`.

Macros, `{% from "components/<file>.html" import <macro> %}`; `call` marks those that take a body with {% call %}:
    button          button(label, kind="primary|secondary|quiet|danger", type="submit", href, icon_name, name, value, disabled, small, attrs)
    field           field(name, label, form, value, type="text", hint, required, optional, width="narrow|medium", prefix, suffix, sent_as, attrs)
                    textarea(name, label, form, value, rows=4, hint, required, optional, attrs)
    select          select(name, label, options=[(value, label)], form, value, empty="全部", hint, required, optional, width, attrs)
    choices         radios / checkboxes(name, legend, options=[(value, label[, note])], form, value, hint, inline, optional)
                    checkbox(name, label, form, checked, value="true", note)
    upload          upload(name, label, accept=".csv,.xlsx", form, hint, required, multiple)       (form enctype="multipart/form-data")
    error_summary   call error_summary(form): what holds the form and its fields; every fault is said above it by its field's label
    filter_bar      call filter_bar(action, active=[(label, url_without)], clear=url, label, target="#results")
    table           call table(caption, heads=[label | (label, "number")], visible_caption); cell(label, value, kind) or call cell(label, kind);
                    kinds text, number, title, actions; a row is <tr> with one cell per head
    pagination      pagination(next_url, first_url)
    tag             tag(label, tone="neutral|info|success|warning|danger", icon_name)
    alert           alert(title, text, tone="info|success|warning|danger") or call
    empty           empty(title, text, icon_name) or call with actions: says what to do next
    stepper         stepper(steps=[label], current=1)
    progress        progress(label, value, total, note)
    dialog          call dialog(id, title); dialog_opener(id, label, href, kind, icon_name, small): href is the page that does it without script
    breadcrumb      breadcrumb([(label, href), (label, none)])
    page_header     page_header(title, lead, trail=[(label, href)], kicker) or call with actions
    card            card(title, href, meta, level=2, tone="sunken") or call
    description_list  description_list([(term, value)]) or call; fact(term, value) or call
    tabs            tabs([(label, href, is_current[, count])], label)
    stats           stat_tiles([(value, label[, href])])
    province        province(code), glyph(code)
    week_calendar   week_calendar(url, starts_at, ends_at, ...), week_calendar_styles(), week_calendar_scripts(): see its file
Layout classes: stack, stack--loose, split (main and aside), grid, form, form__row, actions, tags, results, prose, lead, muted, small.
See them all at /styleguide (development).

Decided: our own small style sheets, not a CSS framework (a public service, not an admin template; 600 kB less); macros see
the reader's language through a context variable, so nobody passes it on.
"""
