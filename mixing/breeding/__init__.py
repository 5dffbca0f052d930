"""How an offspring is made of a loser and a winner: ratio, blend, heal, gate, record."""
