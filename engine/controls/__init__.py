"""Nets that guide the shapes of pictures: ControlNets and T2I-Adapters of every layout."""
