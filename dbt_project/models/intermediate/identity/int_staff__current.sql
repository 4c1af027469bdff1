{{ current_references('staff', ['staff_id'], ['role', 'team_id', 'languages', 'daily_capacity', 'open_lead_capacity', 'valid_from', 'valid_to'], whole='staff_id') }}
