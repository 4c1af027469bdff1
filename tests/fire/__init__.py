"""Writes proved under fire: a sender that is killed, replies that are lost, schedules that overlap."""
