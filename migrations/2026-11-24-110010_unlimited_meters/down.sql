-- Nothing to take back: what was mended was wrong before, too.
SELECT 1;
