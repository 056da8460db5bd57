DROP TABLE trigger_tests;
