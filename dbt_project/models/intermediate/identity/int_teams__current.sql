{{ current_references('teams', ['team_id'], [
    'name', 'queue', 'service_lines', 'location_ids', 'complexity_levels', 'languages', 'calendar_id', 'daily_capacity',
    'open_lead_capacity'
], whole='team_id') }}
