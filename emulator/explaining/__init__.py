"""From a symptom to what explains it: scenarios, faults and rules, found by words, offline."""
