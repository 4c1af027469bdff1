"""The sections of the page, one file each: `READS` (what of which table) and `section(frames, facts)`."""
