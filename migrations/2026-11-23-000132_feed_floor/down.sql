DROP TABLE feed_floor;
