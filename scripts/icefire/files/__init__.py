"""Tables in and out: columns, star tables, small tables, metadata, survey maps, foreign formats."""
