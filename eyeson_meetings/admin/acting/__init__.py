"""What staff does in a running meeting: one file a subject, with its buttons, their forms and what they run."""
