"""Messages to people: mails and text messages, written into an outbox in the transaction of the change and sent by a job.

    from app.notify.public import Mail, queue
    await queue(session, Mail(to="a@b.example", subject=msg("…"), paragraphs=(msg("…"),), link=url), tenant_id=…)

Words: a *mail* is what is to be said; the *outbox* its row. A mail leaves when, and only when, its transaction commits;
it is sent at least once, and both copies of a rare double carry one Message-ID. A mail may hold a link that lets its
reader in, so an outbox row can be written and not be read by the application, and its text is gone once it was sent.
Operators see counts only (`/metrics`). Without SMTP_URL, outside production, mails lie in DATA_DIR/mail; without SMS_URL
text messages lie in DATA_DIR/sms. `sms.py` is where another sender of text messages is plugged in.
"""
