"""A1111's way of drawing: its noise, its schedules and its samplers, each sampler one row's own."""
