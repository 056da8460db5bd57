-- Where there is no limit there is no room to count down. An organization that had gone from a limit to none was left with none.
UPDATE usage_meters SET room = NULL WHERE most IS NULL AND room IS NOT NULL;
