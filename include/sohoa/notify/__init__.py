"""Who is told, and how: mail, webhook, alerts that stand until they end."""
