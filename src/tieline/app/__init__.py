"""The composition root: reads the site folder, builds connections and routing, registers flows and duties."""
