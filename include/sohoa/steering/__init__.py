"""What those who steer ask: when a unit arrives, who fell silent, what scanners need, what limits would change."""
