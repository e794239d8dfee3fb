"""What a call tells of itself: numbered events, snapshots, latencies, usage; and logs that never hold what was said."""
