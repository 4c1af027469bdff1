{{ current_references('calendars', ['calendar_id', 'iso_weekday', 'opens_at'], ['timezone', 'closes_at'], whole='calendar_id') }}
