"""The weekly report on its way to its recipients: letter, SMTP, outbox."""
