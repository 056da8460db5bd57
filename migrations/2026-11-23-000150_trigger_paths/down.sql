DROP INDEX triggers_parameters;
