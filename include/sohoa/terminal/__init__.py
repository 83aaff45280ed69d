"""What a terminal shows: tables, bars and sparklines in Vietnamese; no figure is computed here."""
