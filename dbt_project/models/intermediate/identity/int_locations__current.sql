{{ current_references('locations', ['location_id'], ['name', 'calendar_id', 'postal_areas'], whole='location_id') }}
