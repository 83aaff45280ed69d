"""What decision makers ask: when a unit arrives, who is silent, what scanners and other limits would change."""
