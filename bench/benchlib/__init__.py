"""What bench/run is made of: a module a group of measurements."""
