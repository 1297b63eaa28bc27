"""`make soak`: hostile files, kills, and hours of random use of the real window; see docs/reliability.md."""
