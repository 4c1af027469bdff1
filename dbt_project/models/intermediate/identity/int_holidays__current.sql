{{ current_references('holidays', ['calendar_id', 'holiday_date'], ['opens_at', 'closes_at'], whole='calendar_id') }}
