"""From a performance to keys on layers: built completely, then put in place as one undo step."""
