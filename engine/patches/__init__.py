"""What a row's recipe changes inside the networks while they are called, and inside them only."""
